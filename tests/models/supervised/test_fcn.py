import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.supervised import FCNHead
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

BN = dict(type='BN')
FCN = dict(
    type='FCN',
    backbone=dict(type='ResNet', depth=18, base_channels=8, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4),
                  out_indices=(3, 4)),
    head=dict(type='FCNHead', in_channels=64, channels=16, num_classes=3, norm_cfg=BN, dropout=0.0),
    auxiliary_head=dict(type='FCNHead', in_channels=32, channels=8, num_classes=3, num_convs=1, concat=False, index=0,
                        norm_cfg=BN, dropout=0.0))


def build(**changes):
    torch.manual_seed(0)
    return MODELS.build(dict(FCN, **changes))


def samples(masks, size=None, file=None):
    made = []
    for mask in masks:
        sample = DataSample(gt_mask=mask)
        sample.set_metainfo(dict(img_shape=size or tuple(mask.shape), ori_shape=file or tuple(mask.shape)))
        made.append(sample)
    return made


def scenes(count, seed):
    """Images of 64 px, a red square on a blue one on black, and their class maps."""
    generator = torch.Generator().manual_seed(seed)
    images, masks = 0.2 * torch.randn(count, 3, 64, 64, generator=generator), torch.zeros(count, 64, 64, dtype=torch.uint8)
    for image, mask in zip(images, masks, strict=True):
        for label, channel in ((1, 2), (2, 0)):
            y, x = torch.randint(0, 28, (2,), generator=generator).tolist()
            image[:, y:y + 36, x:x + 36] = 0
            image[channel, y:y + 36, x:x + 36] = 1
            mask[y:y + 36, x:x + 36] = label
    return images, samples(masks)


def test_one_class_leaves_nothing_to_learn():
    with pytest.raises(ValueError, match='FCNHead: num_classes=1 leaves nothing to tell apart, every pixel.*set 2 for one'):
        build(head=dict(FCN['head'], num_classes=1))
    with pytest.raises(ValueError, match='FCNHead: num_classes=1 leaves'):
        build(auxiliary_head=dict(FCN['auxiliary_head'], num_classes=1))


def test_maps_are_an_eighth():
    model = build().eval()
    assert [level.shape[2] for level in model.backbone(torch.zeros(1, 3, 64, 48))] == [8, 8]
    assert model(torch.zeros(1, 3, 64, 48)).shape == (1, 3, 8, 6)
    stages = model.backbone.layer4
    assert stages[0].conv1.dilation == (2, 2) and stages[1].conv1.dilation == (4, 4)
    assert model.backbone.layer3[0].conv1.dilation == (1, 1) and stages[0].conv1.stride == (1, 1)


@pytest.mark.parametrize('count_void', [True, False])
def test_loss_by_loops(count_void):
    """Images of two sizes; padding and void pixels give nothing, but count if they shall."""
    model = build(count_void=count_void).eval()
    masks = [torch.randint(0, 3, (16, 16), dtype=torch.uint8), torch.randint(0, 3, (12, 10), dtype=torch.uint8)]
    masks[0][:3] = 255
    images = torch.randn(2, 3, 16, 16)
    losses = model(images, samples(masks), mode='loss')
    maps = model.backbone(images)
    for name, head, weight in (('loss_seg', model.head, 1), ('loss_aux', model.auxiliary_head, 0.4)):
        logits = F.interpolate(head(maps), size=(16, 16), mode='bilinear', align_corners=False)
        total, counted = 0, 0
        for each, mask in zip(logits, masks, strict=True):
            for y in range(mask.shape[0]):
                for x in range(mask.shape[1]):
                    if mask[y, x] != 255:
                        total -= each[:, y, x].log_softmax(0)[mask[y, x].item()].item()
                        counted += 1
        expected = weight * total / (2 * 16 * 16 if count_void else counted)
        assert losses[name].item() == pytest.approx(expected, rel=1e-4)


def test_predictions_have_the_size_of_the_file():
    """The padding is cut off before the map is enlarged."""
    model = build().eval()
    logits = torch.zeros(1, 3, 4, 4)
    logits[:, 1, :, 0], logits[:, 2, :, 1] = 5.0, 5.0  # left quarter, second quarter of 32 pixels
    model.tensor = lambda images: logits
    sample, = model.predict(torch.zeros(1, 3, 32, 32), samples([torch.zeros(8, 8)], size=(32, 16), file=(64, 32)))
    assert sample.pred_mask.shape == (64, 32)
    assert (sample.pred_mask[:, :12] == 1).all() and (sample.pred_mask[:, -12:] == 2).all()


def test_it_learns_squares():
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(60):
        images, truth = scenes(8, seed=step)
        losses = model(images, truth, mode='loss')
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    assert all(parameter.grad is not None for parameter in model.parameters())
    images, truth = scenes(8, seed=1000)
    found = model.eval()(images, truth, mode='predict')
    right = sum((each.pred_mask == each.gt_mask).float().mean() for each in found) / 8
    background = sum((each.gt_mask == 0).float().mean() for each in found) / 8
    assert right > 0.85 > background + 0.2


def test_what_is_missing_is_said():
    with pytest.raises(ValueError, match="FCN needs class maps: set supervision='full'"):
        build()(torch.zeros(1, 3, 16, 16), [DataSample()], mode='loss')
    with pytest.raises(ValueError, match="mode='x' is unknown"):
        build()(torch.zeros(1, 3, 16, 16), mode='x')
    assert FCNHead(4, 4, 2, norm_cfg=BN)((torch.zeros(1, 4, 3, 3),)).shape == (1, 2, 3, 3)
