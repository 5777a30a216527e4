import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.supervised import UPerNetHead
from mmwsl.models.supervised.uper_net import PyramidPooling


def test_pyramid_by_hand():
    """Over a grid of 1 the mean of the image, over one of 2 that of each quarter."""
    torch.manual_seed(0)
    layer, x = PyramidPooling(2, 3, (1, 2), dict(type='BN')).eval(), torch.randn(2, 2, 4, 4)
    coarse = layer.branches[0](x.mean((2, 3), keepdim=True)).expand(-1, -1, 4, 4)
    quarters = torch.stack([torch.stack([x[:, :, i:i + 2, j:j + 2].mean((2, 3)) for j in (0, 2)], dim=2)
                            for i in (0, 2)], dim=2)
    fine = F.interpolate(layer.branches[1](quarters), size=(4, 4), mode='bilinear', align_corners=False)
    assert torch.allclose(layer(x), layer.joined(torch.cat([x, coarse, fine], dim=1)), atol=1e-6)


def test_levels_go_down_and_are_fused():
    torch.manual_seed(0)
    head = UPerNetHead([2, 3], 4, channels=5, grids=(1, 2), norm_cfg=dict(type='BN')).eval()
    features = torch.randn(2, 2, 8, 8), torch.randn(2, 3, 4, 4)
    top = F.interpolate(head.pyramid(features[1]), size=(8, 8), mode='bilinear', align_corners=False)
    first = head.smooth[0](head.lateral[0](features[0]) + top)
    expected = head.scores(head.fused(torch.cat([first, top], dim=1)))
    found = head(features)
    assert found.shape == (2, 4, 8, 8) and torch.allclose(found, expected, atol=1e-6)


def test_one_map_is_refused():
    with pytest.raises(ValueError, match='joins several feature maps'):
        UPerNetHead([8], 4)
