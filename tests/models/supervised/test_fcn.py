import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.preprocessors import DetectionPreprocessor
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


def by_column(images):
    """Logits of three classes at half size, that of class 1 the brightness of the first channel, that of 2 the second's."""
    small = F.avg_pool2d(images, 2)
    return torch.stack([0 * small[:, 0], small[:, 0], small[:, 1]], dim=1)


def test_the_mean_over_scales_and_mirror_images():
    model = build(scales=(1.0, 0.5), flip=True).eval()
    seen = []
    model.tensor = lambda images: seen.append(images) or by_column(images) * torch.linspace(0.5, 2, images.shape[3] // 2)
    images = torch.randn(2, 3, 16, 12)
    found = model.predict(images, samples([torch.zeros(8, 8)] * 2, size=(14, 10), file=(28, 20)))
    assert [tuple(each.shape[2:]) for each in seen] == [(16, 12)] * 2 + [(8, 6)] * 2
    assert torch.equal(seen[1], images.flip(3)) and torch.allclose(seen[3], seen[2].flip(3), atol=1e-6)
    for number, sample in enumerate(found):
        total = 0
        for scale in (1, 0.5):
            for mirrored in (False, True):
                view = F.interpolate(images, scale_factor=scale, mode='bilinear') if scale != 1 else images
                view = view.flip(3) if mirrored else view
                logits = by_column(view) * torch.linspace(0.5, 2, view.shape[3] // 2)
                logits = F.interpolate(logits, (16, 12), mode='bilinear')
                logits = (logits.flip(3) if mirrored else logits)[number:number + 1, :, :14, :10]
                total = total + F.interpolate(logits, (28, 20), mode='bilinear')[0].softmax(0) / 4
        assert (sample.pred_mask == total.argmax(0)).float().mean() > 0.99 and sample.given == ('ms', 'flip')
        assert len(sample.pred_mask.unique()) == 3
    assert model.inference == dict(scales=[1.0, 0.5], flip=True, true_tags=False, crf=None)
    with pytest.raises(ValueError, match='must be positive'):
        build(scales=(1.0, 0.0))


@pytest.mark.parametrize('tags', [True, False])
def test_no_class_but_those_of_the_image(tags):
    """Class 2 wins everywhere; the image has class 1 alone."""
    model = build(true_tags=True).eval()
    logits = torch.zeros(1, 3, 4, 4)
    logits[:, 2], logits[:, 1, :, 2:] = 9.0, 5.0
    model.tensor = lambda images: logits
    mask = torch.full((8, 8), 255, dtype=torch.uint8)
    mask[0, 0] = 1
    sample, = samples([mask])
    if tags:
        sample.gt_label, sample.gt_mask = torch.tensor([1.0, -1.0]), torch.full((8, 8), 2)
    sample, = model.predict(torch.zeros(1, 3, 8, 8), [sample])
    assert sample.pred_mask[0, ::7].tolist() == [0, 1] and sample.pred_mask.max() == 1 and sample.given == ('tags',)


def test_a_dense_crf_follows_the_edges_of_the_photo():
    """The network's edge lies two pixels beside the photo's; the photo that the CRF sees is that of the file."""
    photo = torch.full((3, 16, 24), 30, dtype=torch.uint8)
    photo[:, :, 10:] = 220
    logits = torch.zeros(1, 3, 16, 24)
    logits[:, 1, :, 12:] = logits[:, 0, :, :12] = 1.5
    found = {}
    for name in (None, 'seam', dict(num_iterations=0)):
        model = build(crf=name, data_preprocessor=DetectionPreprocessor([100.0] * 3, [50.0] * 3, divisor=8)).eval()
        data = model.data_preprocessor(dict(inputs=[photo], data_samples=samples([torch.zeros(16, 24)])))
        model.tensor = lambda images: logits
        sample, = model.predict(data['inputs'], data['data_samples'])
        found[str(name)] = sample.pred_mask[8].tolist()
        assert sample.given == (() if name is None else ('crf',))
        assert torch.allclose(model.photo(data['inputs'][0], sample), photo.float(), atol=1e-3)
    assert found['None'] == found["{'num_iterations': 0}"] == [0] * 12 + [1] * 12
    assert found['seam'] == [0] * 10 + [1] * 14
    assert build(crf='seam').inference['crf']['position_std'] == 80
    with pytest.raises(ValueError, match="crf='deep' is unknown; there are seam"):
        build(crf='deep')
    with pytest.raises(ValueError, match='crf needs the colors of the photo'):
        model = build(crf='seam').eval()
        model.predict(torch.zeros(1, 3, 16, 16), samples([torch.zeros(16, 16)]))


def test_true_tags_need_tags():
    model = build(true_tags=True).eval()
    sample, = samples([torch.zeros(8, 8)])
    del sample.gt_mask
    with pytest.raises(ValueError, match="true_tags=True needs the labels .* set supervision='full'"):
        model.predict(torch.zeros(1, 3, 8, 8), [sample])
    sample.gt_label = torch.ones(5)
    with pytest.raises(ValueError, match='tags of 5 classes, its predicted map 2 and the background'):
        model.predict(torch.zeros(1, 3, 8, 8), [sample])


def test_a_batch_of_void_alone_gives_a_loss_of_zero():
    for count_void in (True, False):
        losses = build(count_void=count_void)(torch.randn(2, 3, 16, 16), samples([torch.full((16, 16), 255)] * 2), mode='loss')
        assert losses['loss_seg'].item() == 0


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
