import pytest
import torch
from torch import nn

from mmwsl.models.backbones import AlexNet, ResNet
from mmwsl.models.layers.pooling import pool_map
from mmwsl.protocols.pooling import LayerFeatures

DIMENSIONS = dict(deepcluster=[9600, 9216, 9600, 9600, 9216], rotnet=[9216, 9408, 9600, 9216, 9216])
CHANNELS = dict(deepcluster=(96, 256, 384, 384, 256), rotnet=(64, 192, 384, 256, 256))


@pytest.mark.parametrize('pooling', DIMENSIONS)
def test_published_dimensions(pooling):
    """Of a 224 px image, as the authors' scripts give them."""
    with torch.no_grad():
        maps = AlexNet(channels=CHANNELS[pooling], out_indices=(1, 2, 3, 4, 5)).eval()(torch.randn(1, 3, 224, 224))
    assert [pool_map(level, pooling, layer).shape[1] for layer, level in enumerate(maps, 1)] == DIMENSIONS[pooling]


def test_published_dimensions_of_a_resnet():
    net = ResNet(50, out_indices=(0, 1, 2, 3, 4)).eval()
    with torch.no_grad():
        maps = net(torch.randn(1, 3, 224, 224))
    assert [pool_map(level, 'openselfsup', layer).shape[1] for layer, level in enumerate(maps)] == [
        9216, 9216, 8192, 9216, 8192]


def test_values():
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    assert pool_map(maps, 'deepcluster', 5).tolist() == [[2.5, 4.5, 10.5, 12.5]]  # means of 2 x 2
    assert torch.equal(pool_map(maps, 'rotnet', 5), maps.flatten(1))  # smaller than 6 x 6: as it is
    assert pool_map(torch.arange(144.0).view(1, 1, 12, 12), 'rotnet', 5)[0, 0] == 13  # the maximum of the first 2 x 2
    assert pool_map(maps.bfloat16(), 'deepcluster', 5).dtype == torch.float32
    with pytest.raises(ValueError, match=r'maps of layer 2 are \(3, 3\), smaller than the kernel 4'):
        pool_map(torch.zeros(1, 1, 3, 3), 'deepcluster', 2)
    with pytest.raises(ValueError, match=r'layer 1 must give maps .* got \(2, 3\)'):
        pool_map(torch.zeros(2, 3), 'rotnet', 1)


class Model(nn.Module):

    def __init__(self, times):
        super().__init__()
        self.data_preprocessor, self.times = nn.Identity(), times
        self.backbone = nn.Conv2d(1, 2, 1)

    def forward(self, inputs, data_samples, mode):
        assert mode == 'tensor'
        for _ in range(self.times):
            output = self.backbone(2 * inputs)  # whatever the method feeds it
        return output.mean((2, 3))


def test_layer_features():
    model, images = Model(1), torch.randn(3, 1, 4, 4)
    expected = torch.nn.functional.avg_pool2d(model.backbone(2 * images), 2).flatten(1)
    assert torch.equal(LayerFeatures(model, 'deepcluster', 5)(images), expected)
    assert not model.backbone._forward_hooks
    with pytest.raises(ValueError, match='Model ran its backbone 2 times'):
        LayerFeatures(Model(2), 'deepcluster', 5)(images)
