import pytest
import torch
import torch.nn.functional as F

from mmwsl.datasets import InMemoryDataset
from mmwsl.datasets.wrappers.resized import Resized


def test_resized():
    """Labels, classes and positions stay; pixels are those of a bilinear resize."""
    torch.manual_seed(0)
    images = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
    small = InMemoryDataset(images, [0, 1, 0, 1, 1], ['cat', 'dog'])
    large = Resized(small, 16)
    assert large.images.shape == (5, 3, 16, 16) and large.images.dtype == torch.uint8
    assert torch.equal(large.labels, small.labels) and large.metainfo == small.metainfo
    assert torch.equal(large.images, F.interpolate(images.float(), (16, 16), mode='bilinear').round().byte())
    assert large[3]['data_samples'].index == 3
    plain = Resized(dict(type='Digits', size=8, max_images=6, supervision='none'), 12)
    assert plain.images.shape == (6, 3, 12, 12) and plain.labels is None
    with pytest.raises(ValueError, match='Resized takes datasets that hold their images in memory, not list'):
        Resized([1, 2], 12)
    with pytest.raises(ValueError, match='size=0 is impossible'):
        Resized(InMemoryDataset(torch.zeros(1, 3, 4, 4, dtype=torch.uint8)), 0)
