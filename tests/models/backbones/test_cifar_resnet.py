import pytest
import torch

from mmwsl.models.backbones import CIFARResNet
from mmwsl.models.heads import ClassificationHead


def total(module):
    return sum(value.numel() for value in module.parameters())


def by_hand(depth):
    """Weights of 3x3 convolutions without bias, two numbers a channel for each norm, and a classifier of ten."""
    blocks = (depth - 2) // 6

    def layer(inputs, outputs):
        return 9 * inputs * outputs + 2 * outputs

    count = layer(3, 16) + 64 * 10 + 10
    for inputs, width in ((16, 16), (16, 32), (32, 64)):
        count += layer(inputs, width) + (2 * blocks - 1) * layer(width, width)
    return count


# Table 6 of the paper, in millions: 0.27, 0.46, 0.66, 0.85, 1.7
@pytest.mark.parametrize('depth, published, digits', [(20, 0.27, 2), (32, 0.46, 2), (44, 0.66, 2), (56, 0.85, 2),
                                                      (110, 1.7, 1)])
def test_parameter_counts(depth, published, digits):
    with torch.device('meta'):
        count = total(CIFARResNet(depth)) + total(ClassificationHead(64, 10))
    assert count == by_hand(depth) and round(count / 1e6, digits) == published
    assert depth != 20 or count == 269_722


def test_layers_and_maps():
    net = CIFARResNet(20, out_indices=(3, 0, 1, 2)).eval()
    convolutions = [module for module in net.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(convolutions) == 19 and all(module.kernel_size == (3, 3) for module in convolutions)  # and a classifier
    maps = net(torch.randn(2, 3, 32, 32))
    assert [tuple(x.shape) for x in maps] == [(2, 16, 32, 32), (2, 16, 32, 32), (2, 32, 16, 16), (2, 64, 8, 8)]
    assert net.out_channels == [16, 16, 32, 64] and CIFARResNet(8).out_channels == [64]
    assert CIFARResNet(8)(torch.randn(1, 3, 9, 7))[0].shape == (1, 64, 3, 2)  # odd sides round up


def test_shortcuts_are_the_identity_padded_with_zeros():
    net = CIFARResNet(14).eval()
    x = torch.rand(2, 16, 6, 6)
    for block in (net.layer1[0], net.layer2[0]):
        torch.nn.init.zeros_(block.conv2.weight)  # the shortcut alone is left
    assert torch.equal(net.layer1[0](x), x)
    passed = net.layer2[0](x)
    assert passed.shape == (2, 32, 3, 3) and torch.equal(passed[:, :16], x[:, :, ::2, ::2]) and not passed[:, 16:].any()
    assert net.layer2[1].downsample is None


@pytest.mark.parametrize('settings, text', [
    (dict(depth=18), 'depth 18 is not 6n'), (dict(depth=2), 'depth 2 is not 6n'),
    (dict(depth=8, out_indices=(4,)), r'out_indices must be some of 0 \(stem\), 1, 2, 3'),
    (dict(depth=8, out_indices=()), 'out_indices must be some of'),
])
def test_bad_arguments(settings, text):
    with pytest.raises(ValueError, match=text):
        CIFARResNet(**settings)
