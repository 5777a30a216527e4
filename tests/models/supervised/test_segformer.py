import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.supervised import SegFormerHead


def test_levels_are_joined_at_the_first_ones_size():
    torch.manual_seed(0)
    head = SegFormerHead([2, 3], 4, channels=5, norm_cfg=dict(type='BN')).eval()
    features = torch.randn(2, 2, 8, 8), torch.randn(2, 3, 4, 4)
    first, second = (projection(level) for projection, level in zip(head.projections, features, strict=True))
    second = F.interpolate(second, size=(8, 8), mode='bilinear', align_corners=False)
    expected = head.scores(head.joined(torch.cat([second, first], dim=1)))  # the last level first, as in the weights
    assert torch.allclose(head(features), expected) and expected.shape == (2, 4, 8, 8)


def test_one_map_is_refused():
    with pytest.raises(ValueError, match='joins several feature maps'):
        SegFormerHead([8], 4)
