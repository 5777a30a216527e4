import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.layers.same_conv import SameConv2d, same_padding


@pytest.mark.parametrize('size, kernel, stride, dilation, expected', [
    (224, 3, 2, 1, (0, 1)),  # outputs begin at 0, 2, ..., 222, and the last one needs pixel 224
    (225, 3, 2, 1, (1, 1)),
    (224, 5, 2, 1, (1, 2)),
    (7, 5, 2, 1, (2, 2)),
    (8, 3, 2, 2, (1, 2)),
    (9, 5, 1, 3, (6, 6)),
    (1, 3, 2, 1, (1, 1)),
])
def test_padding_by_hand(size, kernel, stride, dilation, expected):
    assert same_padding(size, kernel, stride, dilation) == expected


@pytest.mark.parametrize('kernel', [1, 3, 5])
@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('dilation', [1, 2, 3])
@pytest.mark.parametrize('sides', [(8, 11), (7, 12), (1, 2)])
def test_equals_a_convolution_of_the_padded_image(kernel, stride, dilation, sides):
    torch.manual_seed(0)
    conv = SameConv2d(4, 6, kernel, stride, dilation, groups=2).double()
    x = torch.randn(2, 4, *sides, dtype=torch.float64)
    padded = x
    for axis in (2, 3):  # zeros one by one, the first of them behind, until there are enough outputs
        behind = True
        while (padded.shape[axis] - (kernel - 1) * dilation - 1) // stride + 1 < -(-x.shape[axis] // stride) \
                or padded.shape[axis] <= (kernel - 1) * dilation:
            zeros = torch.zeros_like(padded.narrow(axis, 0, 1))
            padded = torch.cat([padded, zeros] if behind else [zeros, padded], axis)
            behind = not behind
    expected = F.conv2d(padded, conv.weight, None, stride, 0, dilation, 2)
    found = conv(x)
    assert found.shape[2:] == tuple(-(-side // stride) for side in sides) == expected.shape[2:]
    assert torch.allclose(found, expected, atol=1e-12)
