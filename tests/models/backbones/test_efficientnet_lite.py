"""EfficientNet-Lite: published sizes, maps, freezing; the outputs themselves are in test_pretrained_network.py."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmwsl.models.backbones import EfficientNetLite

WIDTHS = {'lite0': (16, 24, 40, 112, 320, 1280), 'lite2': (16, 24, 48, 120, 352, 1280)}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def some_net(**settings):
    """A network whose norms have seen something."""
    torch.manual_seed(0)
    net = EfficientNetLite(**settings)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias, std=0.1)
    return net.eval()


@pytest.mark.parametrize('arch, blocks, count', [('lite0', 16, 4_652_008), ('lite1', 21, 5_416_680), ('lite2', 21, 6_092_072)])
def test_published_size(arch, blocks, count):
    """The counts of the published weights, of which 1,281,000 are the classifier's."""
    with torch.device('meta'):
        net = EfficientNetLite(arch)
    assert sum(value.numel() for value in net.parameters()) == count - 1281 * 1000
    assert sum(name.startswith('block') for name, _ in net.named_children()) == blocks
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert all((norm.eps, norm.momentum) == (1e-3, 0.01) for norm in norms)


@pytest.mark.parametrize('arch, side, sides, settings', [
    ('lite0', 224, (112, 56, 28, 14, 7, 7), dict()),
    ('lite2', 260, (130, 65, 33, 17, 9, 9), dict()),
    ('lite0', 193, (97, 49, 25, 13, 7, 7), dict()),
    ('lite0', 224, (112, 56, 28, 14, 14, 14), dict(strides=(2, 2, 2, 1), dilations=(1, 1, 1, 2))),
    ('lite0', 224, (112, 56, 28, 28, 28, 28), dict(strides=(2, 2, 1, 1), dilations=(1, 1, 2, 4))),
])
def test_maps(arch, side, sides, settings):
    with torch.device('meta'):
        net = EfficientNetLite(arch, out_indices=range(6), **settings).eval()
        found = [tuple(each.shape[1:]) for each in net(torch.zeros(1, 3, side, side))]
    assert found == [(width, each, each) for width, each in zip(WIDTHS[arch], sides, strict=True)]
    assert net.out_channels == list(WIDTHS[arch])


def test_dilation_in_place_of_a_stride():
    """The dense map has the ordinary one in it, at its odd positions: SAME padding at stride 2 begins one later."""
    net, dense = some_net(out_indices=(4,)), some_net(out_indices=(4,), strides=(2, 2, 2, 1), dilations=(1, 1, 1, 2))
    dilations = [dense.get_submodule(f'block{number}').depthwise_conv.dilation for number in (10, 11, 12, 15)]
    assert dilations == [(1, 1), (1, 1), (2, 2), (2, 2)]
    with torch.no_grad():
        x = torch.randn(1, 3, 96, 64)
        fine, coarse = dense(x)[0], net(x)[0]
    assert fine.shape[2:] == (6, 4) and coarse.shape[2:] == (3, 2) and coarse.std() > 0
    assert torch.allclose(fine[:, :, 1::2, 1::2], coarse, atol=1e-4 * coarse.abs().max())


def test_a_block_by_its_formula():
    net = some_net().double()
    block, x = net.block2, torch.randn(2, 24, 6, 6, dtype=torch.float64)

    def norm(y, bn):
        return F.batch_norm(y, bn.running_mean, bn.running_var, bn.weight, bn.bias, eps=1e-3)

    y = norm(F.conv2d(x, block.expand_conv.weight), block.bn0).clamp(0, 6)
    y = norm(F.conv2d(y, block.depthwise_conv.weight, padding=1, groups=144), block.bn1).clamp(0, 6)
    assert torch.allclose(block(x), x + norm(F.conv2d(y, block.project_conv.weight), block.bn2), atol=1e-10)
    assert not net.block1.has_shortcut and not net.block0.expands


def test_fused_norms_give_the_same_maps():
    net, x = some_net(out_indices=(2, 5)), torch.randn(2, 3, 64, 48)
    with torch.no_grad():
        before = net(x)
        net.fuse_norms()
        net.fuse_norms()  # nothing is left to do
        after = net(x)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in net.modules())
    assert all(torch.allclose(a, b, atol=1e-4 * a.abs().max()) and a.std() > 0
               for a, b in zip(before, after, strict=True))


def test_frozen_stages():
    net = EfficientNetLite(frozen_stages=2, norm_eval=True).train()
    learns = {name.split('.')[0] for name, value in net.named_parameters() if value.requires_grad}
    assert learns == {f'block{number}' for number in range(5, 16)} | {'conv_head', 'bn1'}
    assert not any(module.training for module in net.modules() if isinstance(module, nn.BatchNorm2d))
    net = EfficientNetLite(frozen_stages=0).train()
    assert not net.bn0.training and not net.block0.training and net.block1.training
    net(torch.randn(2, 3, 32, 32))[0].mean().backward()
    assert net.block0.project_conv.weight.grad is None and net.block1.project_conv.weight.grad.abs().max() > 0


def test_settings_that_cannot_be():
    with pytest.raises(ValueError, match="arch 'b0' is unknown; choose one of lite0, lite1, lite2"):
        EfficientNetLite('b0')
    with pytest.raises(ValueError, match='out_indices must be some of'):
        EfficientNetLite(out_indices=(6,))
    with pytest.raises(ValueError, match='frozen_stages must be between -1 and 5, got 6'):
        EfficientNetLite(frozen_stages=6)
    with pytest.raises(ValueError, match='strides are four times 1 or 2'):
        EfficientNetLite(strides=(2, 2, 2))
