import pytest
import torch

from mmwsl.models.backbones import AlexNet


def test_maps_at_224():
    net = AlexNet(out_indices=(1, 2, 3, 4, 5))
    maps = net(torch.randn(1, 3, 224, 224))
    assert [tuple(x.shape[1:]) for x in maps] == [(64, 55, 55), (192, 27, 27), (384, 13, 13), (256, 13, 13),
                                                  (256, 13, 13)]
    assert net.out_channels == [64, 192, 384, 256, 256]
    assert all(x.min() >= 0 for x in maps)


def test_final_pool_takes_maxima_of_conv5():
    torch.manual_seed(0)
    plain = AlexNet(channels=(4, 6, 8, 8, 8)).eval()
    torch.manual_seed(0)
    pooling = AlexNet(channels=(4, 6, 8, 8, 8), final_pool=True, out_indices=(4, 5)).eval()
    x = torch.randn(1, 3, 224, 224)
    (conv5,), (conv4, pooled) = plain(x), pooling(x)
    assert conv4.shape == (1, 8, 13, 13) and pooled.shape == (1, 8, 6, 6)
    for row, column in ((0, 0), (2, 5)):
        window = conv5[:, :, 2 * row:2 * row + 3, 2 * column:2 * column + 3]
        assert torch.equal(pooled[:, :, row, column], window.amax((2, 3)))


def test_parameters():
    with torch.device('meta'):
        net = AlexNet()
    shapes = {name: tuple(value.shape) for name, value in net.named_parameters() if value.dim() == 4}
    assert list(shapes.values()) == [(64, 3, 11, 11), (192, 64, 5, 5), (384, 192, 3, 3), (256, 384, 3, 3),
                                     (256, 256, 3, 3)]
    convolutions = 64 * 363 + 192 * 1600 + 384 * 1728 + 256 * 3456 + 256 * 2304
    assert sum(value.numel() for value in net.parameters()) == convolutions + 2 * (64 + 192 + 384 + 256 + 256)


def test_out_indices_ascend_and_other_widths():
    net = AlexNet(channels=(3, 4, 5, 6, 7), in_channels=2, out_indices=(3, 1))
    maps = net(torch.randn(2, 2, 67, 67))
    assert net.out_channels == [3, 5] and [x.shape[1] for x in maps] == [3, 5]


@pytest.mark.parametrize('settings, message', [
    (dict(channels=(1, 2, 3)), 'AlexNet has five convolutions, got 3 channel numbers'),
    (dict(out_indices=(0,)), r'out_indices must be some of 1..5, got \(0,\)'),
    (dict(out_indices=()), r'out_indices must be some of 1..5, got \(\)'),
])
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        AlexNet(**settings)
