import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

from mmwsl.models.pretext.counting import counting_loss, downsample
from mmwsl.registry import MODELS

ONE_VIEW = '\ndata_preprocessor = dict(views=[[crop]])\n'


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(dict(
        type='Counting', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8), tile_size=8), **settings))


def test_loss_against_loops():
    generator = np.random.default_rng(0)
    whole, total, other = generator.random((3, 6, 5)) * 2
    equal = unlike = 0.0
    for i in range(6):
        equal += sum((whole[i, k] - total[i, k])**2 for k in range(5)) / 6
        unlike += max(0, 4 - sum((other[i, k] - total[i, k])**2 for k in range(5))) / 6  # the hinge takes the whole norm
    assert 0 < unlike < 4
    value = counting_loss(*(torch.from_numpy(x) for x in (whole, total, other)), margin=4.0)
    assert [v.item() for v in value] == pytest.approx([equal, unlike])


class MeanColor(nn.Module):
    """A backbone that counts by itself: the mean of each channel, which tiles and the shrunken image share."""

    def forward(self, x):
        return (x,)


def test_the_model_compares_the_image_its_tiles_and_the_next_image():
    neck = dict(type='MLPNeck', in_channels=3, out_channels=3, num_layers=1, last_bias=False)
    model = build(backbone=MeanColor(), neck=neck, margin=3.0)
    with torch.no_grad():
        model.neck.layers[0].weight.copy_(torch.eye(3))
    images = torch.rand(4, 3, 16, 16) + torch.tensor([0, 0.3, -2]).view(3, 1, 1)  # the third channel falls to the ReLU
    images = images.repeat_interleave(2, 2).repeat_interleave(2, 3)[:, :, :16, :16]  # every kernel gives the same mean
    images = images.mean((2, 3), keepdim=True).expand(4, 3, 16, 16).contiguous()
    means = images.mean((2, 3)).clamp(min=0)
    result = model([images], mode='loss')
    equal = (3 * means).square().sum(1).mean()  # four tiles count four times as much
    unlike = (3 - (means[[1, 2, 3, 0]] - 4 * means).square().sum(1)).clamp(min=0).mean()
    torch.testing.assert_close(result['loss_equal'], equal)
    torch.testing.assert_close(result['loss_unlike'], unlike)
    torch.testing.assert_close(result['count'], means.norm(dim=1).mean())


def test_each_image_is_shrunk_by_a_kernel_of_its_own():
    images = torch.rand(1, 3, 16, 16).repeat(300, 1, 1, 1)
    shrunk = downsample(images, 8, torch.Generator().manual_seed(0))
    wanted = [F.avg_pool2d(images[:1], 2)] + [
        F.interpolate(images[:1], 8, mode=mode, antialias=True) for mode in ('bilinear', 'bicubic')]
    found = torch.stack([(shrunk - one).abs().amax((1, 2, 3)) < 1e-6 for one in wanted])
    assert found.sum(0).eq(1).all()
    assert found.float().mean(1).tolist() == pytest.approx([1 / 3] * 3, abs=0.08)


def dots(count, seed):
    """Images (count, 1, 32, 32) of 0 to 9 bright dots of 3 px in grey noise, and the numbers."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randint(10, (count,), generator=generator)
    taken = torch.rand(count, 16, generator=generator).argsort(1) < numbers[:, None]  # cells of 8 px with a dot
    cells = torch.zeros(count, 16, 64)
    place = 9 * torch.randint(1, 7, (count, 16, 1), generator=generator)  # on the cell's diagonal
    cells = cells.scatter(2, place, 1.0) * taken[..., None]
    image = cells.view(count, 4, 4, 8, 8).transpose(2, 3).reshape(count, 1, 32, 32)
    image = F.max_pool2d(image, 3, stride=1, padding=1)
    return 2 * image + 0.1 * torch.randn(image.shape, generator=generator), numbers


class SmallNet(nn.Module):

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                                    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU())

    def forward(self, x):
        return (self.layers(x),)


def train_on_dots(steps, margin):
    neck = dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=16, norm_cfg=None)
    model = build(backbone=SmallNet(), neck=neck, tile_size=16, margin=margin)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(steps):
        result = model([dots(32, seed=step)[0]], mode='loss')
        optimizer.zero_grad()
        (result['loss_equal'] + result['loss_unlike']).backward()
        optimizer.step()
    images, numbers = dots(300, seed=10**6)
    with torch.no_grad():
        counts = torch.relu(model.neck(model.backbone(F.avg_pool2d(images, 2))))
    return counts.norm(dim=1), numbers


def rank_correlation(a, b):
    ranks = [torch.stack([(x < v).float().mean() + (x <= v).float().mean() for v in x]) for x in (a, b)]
    return torch.corrcoef(torch.stack(ranks))[0, 1]


@pytest.mark.slow
def test_dots_are_counted_although_no_count_is_given():
    lengths, numbers = train_on_dots(steps=160, margin=10.0)
    assert rank_correlation(lengths, numbers) > 0.7


def test_without_the_contrast_the_counts_collapse():
    start, _ = train_on_dots(steps=0, margin=0.0)
    end, _ = train_on_dots(steps=60, margin=0.0)
    assert start.mean() > 0.05 and end.mean() < 0.1 * start.mean()


def test_bad_settings():
    with pytest.raises(ValueError, match='the batch needs at least 2 images'):
        build(neck=dict(type='MLPNeck', in_channels=32, out_channels=8, num_layers=1))(
            [torch.rand(1, 3, 16, 16)], mode='loss')
    with pytest.raises(ValueError, match='patch_size=9 does not fit into the cells of a 2 x 2 grid'):
        build(tile_size=9)([torch.rand(2, 3, 16, 16)], mode='loss')


def test_resume(tmp_path):
    check_resume(tmp_path, """
_base_ = 'mmwsl::selfsup/counting/counting_r18w16_1xb256-cos-16e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8), tile_size=7)
""" + TINY_DATA + ONE_VIEW, changed=['backbone.conv1.weight', 'neck.layers.0.weight'])
