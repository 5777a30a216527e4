"""DeepLab's decoders against slow sums, and what they learn as heads of FCN."""

import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.supervised import ASPP, DeepLabV2Head, DeepLabV3PlusHead, LargeFOVHead
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

BN = dict(type='BN')
HEADS = dict(
    large_fov=dict(type='LargeFOVHead', num_classes=3, channels=16, dilations=(2, 2), norm_cfg=BN),
    v2=dict(type='DeepLabV2Head', num_classes=3, dilations=(1, 2, 3)),
    v3_plus=dict(type='DeepLabV3PlusHead', num_classes=3, channels=16, low_channels=8, dilations=(1, 2), dropout=0.0,
                 norm_cfg=BN))


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def dilated(x, weight, dilation):
    """A 3 x 3 convolution without padding at the border but zeros, by loops over its nine weights."""
    out = torch.zeros(len(x), len(weight), *x.shape[2:])
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            for row in range(x.shape[2]):
                for column in range(x.shape[3]):
                    y, z = row + dy * dilation, column + dx * dilation
                    if 0 <= y < x.shape[2] and 0 <= z < x.shape[3]:
                        out[:, :, row, column] += x[:, :, y, z] @ weight[:, :, dy + 1, dx + 1].T
    return out


def test_large_fov_by_loops():
    head, x = LargeFOVHead([2, 4], 3, channels=5), torch.randn(2, 4, 7, 8)
    first, second = head.convs[0][0], head.convs[1][0]
    hidden = dilated(x, first.weight, 5).relu()
    expected = F.conv2d(dilated(hidden, second.weight, 5).relu(), head.scores.weight)
    assert first.dilation == (5, 5) and first.bias.shape == (5,)
    assert torch.allclose(head((None, x)), expected, atol=1e-5)


def test_large_fov_as_published():
    """VGG16's has 3 x 3 of dilation 12 and 1 x 1, each with dropout; with norms there is one dropout."""
    head = LargeFOVHead(512, 21, channels=1024, kernels=(3, 1), dilations=(12, 1), dropout=0.5)
    assert [type(layer).__name__ for layer in head.convs] == ['Sequential', 'Dropout'] * 2
    assert sum(p.numel() for p in head.parameters()) == (512 * 9 + 1) * 1024 + 1025 * 1024 + 1025 * 21
    normed = LargeFOVHead(8, 3, channels=4, kernels=(3, 1), dilations=(12, 1), dropout=0.5, norm_cfg=BN)
    assert [type(layer).__name__ for layer in normed.convs] == ['Sequential', 'Sequential', 'Dropout']
    with pytest.raises(ValueError, match=r'kernels=\(3, 3\) and dilations=\(5,\) must be equally many'):
        LargeFOVHead(8, 3, dilations=(5,))
    with pytest.raises(ValueError, match='kernels odd'):
        LargeFOVHead(8, 3, kernels=(2, 3))


def test_v2_is_a_sum_over_dilations():
    head, x = DeepLabV2Head(4, 3, dilations=(1, 2, 6)), torch.randn(2, 4, 6, 7)
    for scores in head.scores:
        torch.nn.init.normal_(scores.bias)
    expected = sum(dilated(x, scores.weight, dilation) + scores.bias.view(1, -1, 1, 1)
                   for scores, dilation in zip(head.scores, (1, 2, 6), strict=True))
    assert torch.allclose(head((x,)), expected, atol=1e-5)
    assert [scores.dilation[0] for scores in DeepLabV2Head(4, 3).scores] == [6, 12, 18, 24]


def test_aspp_sees_the_whole_image():
    aspp, x = ASPP(4, 5, (1, 2), BN).eval(), torch.randn(1, 4, 9, 9)
    pooled = aspp.image(x.mean((2, 3), keepdim=True))
    parts = [branch(x) for branch in aspp.branches] + [pooled.expand(1, 5, 9, 9)]
    assert len(parts) == 4 and torch.equal(aspp(x), aspp.joined(torch.cat(parts, 1)))
    with torch.no_grad():
        for branch in aspp.branches:
            branch[0].weight.zero_()
    moved = x.clone()
    moved[..., 8, 8] += 5
    assert not torch.equal(aspp(x)[..., 0, 0], aspp(moved)[..., 0, 0])


def test_v3_plus_has_the_early_maps_size():
    head = DeepLabV3PlusHead([6, 9, 12], 3, channels=8, low_channels=4, norm_cfg=BN).eval()
    low, high = torch.randn(2, 6, 16, 12), torch.randn(2, 12, 4, 3)
    assert head((low, None, high)).shape == (2, 3, 16, 12)
    enlarged = F.interpolate(head.aspp(high), size=(16, 12), mode='bilinear', align_corners=False)
    assert torch.equal(head((low, None, high)), head.scores(head.decoder(torch.cat([enlarged, head.low(low)], 1))))
    assert head.low[0].weight.shape == (4, 6, 1, 1) and head.decoder[0][0].weight.shape == (8, 12, 3, 3)
    for channels in (12, [12]):
        with pytest.raises(ValueError, match='needs an early and a late feature map'):
            DeepLabV3PlusHead(channels, 3)


@pytest.mark.parametrize('name', HEADS)
def test_heads_learn_squares(name):
    """As heads of FCN, without in_channels: a red square is found where it is."""
    model = MODELS.build(dict(
        type='FCN', head=HEADS[name],
        backbone=dict(type='ResNet', depth=18, base_channels=8, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4),
                      out_indices=(1, 4))))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(0)

    def scenes(count):
        images, samples = 0.2 * torch.randn(count, 3, 64, 64, generator=generator), []
        for image in images:
            mask = torch.zeros(64, 64, dtype=torch.uint8)
            for label, channel in ((1, 2), (2, 0)):
                y, x = torch.randint(0, 28, (2,), generator=generator).tolist()
                image[:, y:y + 36, x:x + 36] = 0
                image[channel, y:y + 36, x:x + 36], mask[y:y + 36, x:x + 36] = 1, label
            samples.append(DataSample(gt_mask=mask))
            samples[-1].set_metainfo(dict(img_shape=(64, 64), ori_shape=(64, 64)))
        return images, samples

    for _ in range(40):
        optimizer.zero_grad()
        sum(model(*scenes(8), mode='loss').values()).backward()
        optimizer.step()
    assert all(parameter.grad is not None for parameter in model.parameters())
    found = model.eval()(*scenes(8), mode='predict')
    right = sum((each.pred_mask == each.gt_mask).float().mean() for each in found) / 8
    background = sum((each.gt_mask == 0).float().mean() for each in found) / 8
    assert right > 0.85 > background + 0.2


@pytest.mark.parametrize('name', HEADS)
def test_one_class_leaves_nothing_to_learn(name):
    with pytest.raises(ValueError, match='num_classes=1 leaves nothing to tell apart, every pixel'):
        MODELS.build(dict(HEADS[name], num_classes=1, in_channels=[4, 8]))
