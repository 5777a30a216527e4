"""RoIAlign and RoIPool against plain loops over bins and points."""

import math

import pytest
import torch

from mmwsl.compat import compiled_ops
from mmwsl.ops import roi_align, roi_pool


def case(seed=0, count=12, shape=(2, 3, 9, 11)):
    """Features, and regions of all sizes, partly outside the map, at half its resolution."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(shape, generator=generator).double()
    corner = 26 * torch.rand(count, 2, generator=generator) - 4
    size = 18 * torch.rand(count, 2, generator=generator)
    size[0] = 0.3
    numbers = torch.randint(shape[0], (count, 1), generator=generator)
    return features, torch.cat([numbers, corner, corner + size], dim=1).double()


def read(image, y, x):
    """Bilinear value of a (H, W) nested list at a point, 0 more than a pixel outside."""
    height, width = len(image), len(image[0])
    if y < -1 or y > height or x < -1 or x > width:
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = min(int(y), height - 1), min(int(x), width - 1)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    dy, dx = y - top, x - left
    return ((1 - dy) * (1 - dx) * image[top][left] + (1 - dy) * dx * image[top][right]
            + dy * (1 - dx) * image[bottom][left] + dy * dx * image[bottom][right])


def align_by_loops(features, rois, size, scale, ratio, mode, aligned):
    result = torch.zeros(len(rois), features.shape[1], *size, dtype=features.dtype)
    shift = 0.5 if aligned else 0
    for r, (number, *box) in enumerate(rois.tolist()):
        x1, y1, x2, y2 = (value * scale - shift for value in box)
        width, height = x2 - x1, y2 - y1
        if not aligned:
            width, height = max(width, 1), max(height, 1)
        down = ratio or math.ceil(height / size[0])
        across = ratio or math.ceil(width / size[1])
        for c in range(features.shape[1]):
            image = features[int(number), c].tolist()
            for i in range(size[0]):
                for j in range(size[1]):
                    values = [read(image, y1 + (i + (a + 0.5) / down) * height / size[0],
                                   x1 + (j + (b + 0.5) / across) * width / size[1])
                              for a in range(down) for b in range(across)]
                    result[r, c, i, j] = (sum(values) / max(len(values), 1)) if mode == 'avg' else max(values)
    return result


@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('mode, ratio', [('avg', 2), ('avg', 0), ('max', 2), ('max', 0)])
def test_align_by_loops(mode, ratio, aligned):
    features, rois = case()
    found = roi_align(features, rois, (3, 2), 0.5, ratio, mode, aligned)
    torch.testing.assert_close(found, align_by_loops(features, rois, (3, 2), 0.5, ratio, mode, aligned))
    assert (found == 0).any() and (found != 0).any()
    single = roi_align(features.float(), rois.float(), (3, 2), 0.5, ratio, mode, aligned)
    torch.testing.assert_close(single.double(), found, atol=1e-5, rtol=1e-5)


def test_align_of_a_constant_and_of_a_ramp():
    """The mean of a plane over a bin is its value at the bin's centre; pixel centres lie at .5."""
    ramp = torch.arange(20.).repeat(20, 1)[None, None]
    box = torch.tensor([[0., 4., 4., 12., 8.]])
    assert roi_align(ramp, box, (1, 2)).flatten().tolist() == pytest.approx([5.5, 9.5])
    assert roi_align(ramp, box, 1, aligned=False).item() == pytest.approx(8.0)


def test_align_in_pieces(monkeypatch):
    import importlib
    features, rois = case(count=40)
    whole = roi_align(features, rois, 4, 0.5)
    monkeypatch.setattr(importlib.import_module('mmwsl.ops.roi_align'), 'CHUNK', 1)
    assert torch.equal(roi_align(features, rois, 4, 0.5), whole)


@pytest.mark.parametrize('ratio', [0, 2])
def test_gradient_of_align(ratio):
    features, rois = case(count=5, shape=(2, 2, 5, 5))
    features.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: roi_align(x, rois, 2, 0.25, ratio), features)


def pool_by_loops(features, rois, size, scale):
    height, width = features.shape[2:]
    result = torch.zeros(len(rois), features.shape[1], *size, dtype=features.dtype)
    for r, (number, x1, y1, x2, y2) in enumerate(rois.tolist()):
        left, top, right, bottom = x1 * scale, y1 * scale, (x2 + 1) * scale, (y2 + 1) * scale
        for i in range(size[0]):
            for j in range(size[1]):
                rows = range(max(0, math.floor(top + i * (bottom - top) / size[0])),
                             min(height, math.ceil(top + (i + 1) * (bottom - top) / size[0])))
                columns = range(max(0, math.floor(left + j * (right - left) / size[1])),
                                min(width, math.ceil(left + (j + 1) * (right - left) / size[1])))
                for c in range(features.shape[1]):
                    values = [features[int(number), c, y, x] for y in rows for x in columns]
                    result[r, c, i, j] = max(values) if values else 0
    return result


@pytest.mark.parametrize('size', [(1, 1), (3, 2), (7, 7)])
def test_pool_by_loops(size):
    features, rois = case()
    found = roi_pool(features, rois, size, 0.5)
    assert torch.equal(found, pool_by_loops(features, rois, size, 0.5))
    assert (found == 0).any() and (found != 0).any()


def test_pool_of_large_bins():
    """Bins of all sizes up to the whole map; each table of maxima is asked."""
    features, _ = case(shape=(1, 2, 33, 40))
    rois = torch.tensor([[0., x, y, x + w, y + h] for x, y in ((0, 0), (3, 5)) for w in (0, 1, 2, 6, 14, 31, 36)
                         for h in (0, 3, 8, 16, 27)]).double()
    assert torch.equal(roi_pool(features, rois, 1), pool_by_loops(features, rois, (1, 1), 1.0))


def test_gradient_of_pool_goes_to_the_first_maximum():
    features = torch.zeros(1, 1, 4, 4)
    features[0, 0, 1, 2] = features[0, 0, 2, 1] = 1.0
    features.requires_grad_()
    roi_pool(features, torch.tensor([[0., 0., 0., 3., 3.]]), 1).sum().backward()
    assert features.grad.nonzero().tolist() == [[0, 0, 1, 2]] and features.grad.sum() == 1


@pytest.mark.parametrize('pool', [roi_align, roi_pool])
def test_order_and_bad_input(pool):
    features, rois = case(count=20)
    assert torch.equal(pool(features, rois, 3)[7:8], pool(features, rois[7:8], 3))
    assert pool(features, rois[:0], 3).shape == (0, 3, 3, 3)
    with pytest.raises(ValueError, match='rois name images 0 to 5, but features hold 2'):
        pool(features, torch.tensor([[0., 0, 0, 1, 1], [5., 0, 0, 1, 1]]), 3)
    with pytest.raises(ValueError, match=r'rois must be \(R, 5\)'):
        pool(features, rois[:, 1:], 3)
    with pytest.raises(ValueError, match=r'features must be \(B, C, H, W\)'):
        pool(features[0], rois, 3)


def test_low_precision_is_pooled_in_fp32():
    features, rois = case()
    assert roi_align(features.bfloat16(), rois.float(), 3).dtype == torch.float32


@pytest.mark.skipif(compiled_ops() is None, reason='mmcv is not installed with its compiled operations')
@pytest.mark.parametrize('mode, ratio', [('avg', 2), ('avg', 0), ('max', 2)])
def test_equal_to_mmcv(mode, ratio):
    features, rois = case()
    theirs = compiled_ops().roi_align(features.float(), rois.float(), (3, 2), 0.5, ratio, mode, True)
    torch.testing.assert_close(theirs, roi_align(features, rois, (3, 2), 0.5, ratio, mode).float(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('box', [(100, 100, 120, 120), (-60, -60, -40, -30), (2, 50, 8, 60), (1e9, 1e9, 3e9, 3e9)])
@pytest.mark.parametrize('inside', [False, True])
def test_a_region_outside_the_map_is_zeros(box, inside):
    """Alone, and beside one that is not: the map is 9 x 11 at half the resolution."""
    features, _ = case()
    rois = torch.tensor([[0.0, *box], [1.0, 2, 2, 10, 10]], dtype=torch.float64)[:1 + inside]
    for found in (roi_pool(features, rois, (3, 2), 0.5), roi_align(features, rois, (3, 2), 0.5),
                  roi_align(features, rois, (3, 2), 0.5, 2, 'max'), roi_align(features, rois, 2, 0.5, aligned=False)):
        assert len(found) == len(rois) and torch.equal(found[0], torch.zeros_like(found[0]))
        assert not inside or (found[1] != 0).any()
