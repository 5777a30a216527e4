"""Dense CRF, against loops over all pairs of pixels, and the lattice against the exact form and a public package."""

import math

import numpy as np
import pytest
import torch

from mmwsl.refine import PRESETS, dense_crf, label_probabilities
from mmwsl.refine.dense_crf import MOST_EXACT

SETTINGS = dict(spatial_std=1.5, spatial_weight=2, position_std=4, color_std=30, bilateral_weight=3, num_iterations=3)


def picture(height=6, width=7, batch=1, classes=3, seed=0):
    """Smooth images (B, 3, H, W) uint8, and noisy probabilities (B, C, H, W) in fp64."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(batch, 3, 4, 4, generator=generator) * 255
    images = torch.nn.functional.interpolate(coarse, (height, width), mode='bilinear').byte()
    return images, torch.rand(batch, classes, height, width, generator=generator, dtype=torch.float64).softmax(1)


def by_loops(image, maps, spatial_std, spatial_weight, position_std, color_std, bilateral_weight, num_iterations):
    """Mean field of one image with its two kernels as lists of lists."""
    classes, height, width = maps.shape
    points = [(y, x) for y in range(height) for x in range(width)]
    colors = [[float(value) for value in image[:, y, x]] for y, x in points]

    def kernel(position, color):
        rows = [[math.exp(-math.dist(p, q)**2 / (2 * position**2)
                          - (math.dist(a, b)**2 / (2 * color**2) if color else 0))
                 for q, b in zip(points, colors, strict=True)] for p, a in zip(points, colors, strict=True)]
        degree = [sum(row) for row in rows]
        return [[value / math.sqrt(degree[i] * degree[j]) for j, value in enumerate(row)] for i, row in enumerate(rows)]

    spatial, bilateral = kernel(spatial_std, None), kernel(position_std, color_std)
    unary = [[math.log(max(maps[k, y, x].item(), 1e-5)) for k in range(classes)] for y, x in points]

    def softmax(logits):
        total = sum(math.exp(each) for each in logits)
        return [math.exp(each) / total for each in logits]

    beliefs = [softmax(each) for each in unary]
    for _ in range(num_iterations):
        beliefs = [softmax([unary[i][k] + sum((spatial_weight * spatial[i][j] + bilateral_weight * bilateral[i][j])
                                              * beliefs[j][k] for j in range(len(points))) for k in range(classes)])
                   for i in range(len(points))]
    return torch.tensor(beliefs, dtype=torch.float64).T.reshape(classes, height, width)


def test_exact_against_loops():
    images, maps = picture()
    maps[0, 0, 2, 2] = 0  # below the least probability
    found = dense_crf(images, maps, method='exact', **SETTINGS)
    torch.testing.assert_close(found[0], by_loops(images[0], maps[0], **SETTINGS), rtol=0, atol=1e-5)


@pytest.mark.parametrize('preset', PRESETS)
def test_lattice_is_near_the_exact_form(preset):
    images, maps = picture(30, 40, classes=4)
    maps = (4 * torch.nn.functional.avg_pool2d(maps, 7, 1, 3).log() + maps.log()).softmax(1)
    exact, lattice = (dense_crf(images, maps, method=method, **PRESETS[preset]) for method in ('exact', 'lattice'))
    assert (exact.argmax(1) == lattice.argmax(1)).double().mean() > 0.98
    assert (exact - lattice).abs().mean() < 0.02


def test_lattice_agrees_with_pydensecrf():
    densecrf = pytest.importorskip('pydensecrf.densecrf', reason='pip install pydensecrf2')
    images, maps = picture(45, 60, classes=4)
    maps = maps.float()
    settings = PRESETS['seam']
    crf = densecrf.DenseCRF2D(60, 45, 4)
    crf.setUnaryEnergy(-maps[0].log().reshape(4, -1).numpy())
    crf.addPairwiseGaussian(sxy=settings['spatial_std'], compat=settings['spatial_weight'])
    crf.addPairwiseBilateral(sxy=settings['position_std'], srgb=settings['color_std'], compat=settings['bilateral_weight'],
                             rgbim=np.ascontiguousarray(images[0].permute(1, 2, 0).numpy()))
    expected = torch.from_numpy(np.array(crf.inference(10))).view(4, 45, 60)
    found = dense_crf(images, maps, **settings)[0]
    assert (found.argmax(0) == expected.argmax(0)).double().mean() >= 0.995


@pytest.mark.parametrize('method', ['lattice', 'exact'])
def test_shapes_dtypes_and_batch_order(method):
    images, maps = picture(batch=2)
    found = dense_crf(images, maps, method=method, **SETTINGS)
    torch.testing.assert_close(found.sum(1), torch.ones(2, 6, 7, dtype=torch.float64))
    turned = dense_crf(images.flip(0), maps.flip(0), method=method, **SETTINGS)
    assert torch.equal(turned.flip(0), found)
    for image in (images[1], images[1].permute(1, 2, 0), images[1].double()):
        assert torch.equal(dense_crf(image, maps[1], method=method, **SETTINGS), found[1])
    low = dense_crf(images, maps.bfloat16(), method=method, **SETTINGS)
    assert low.dtype == torch.float32
    torch.testing.assert_close(low.double(), found, rtol=0, atol=0.05)


def test_no_iterations_and_no_weights_leave_the_maps():
    images, maps = picture()
    torch.testing.assert_close(dense_crf(images, maps, num_iterations=0), maps)
    torch.testing.assert_close(dense_crf(images, maps, spatial_weight=0, bilateral_weight=0), maps)


def test_label_probabilities():
    labels = torch.tensor([[0, 2], [255, 1]])
    found = label_probabilities(labels, 3)
    assert found[:, 0, 0].tolist() == pytest.approx([0.7, 0.15, 0.15])
    assert found[:, 0, 1].tolist() == pytest.approx([0.15, 0.15, 0.7])
    assert found[:, 1, 0].tolist() == pytest.approx([1 / 3] * 3)
    assert torch.equal(label_probabilities(labels[None], 3)[0], found)
    with pytest.raises(ValueError, match=r'labels must be 0..1, of two classes at least, or 255 .* got \[2\]'):
        label_probabilities(labels, 2)


def test_wrong_inputs_are_refused():
    images, maps = picture()
    with pytest.raises(ValueError, match='1 images of 6 x 7 pixels, but 1 maps of 6 x 6; resize'):
        dense_crf(images, maps[..., :6])
    with pytest.raises(ValueError, match=r'images must be \(B, 3, H, W\)'):
        dense_crf(images, maps[0])
    with pytest.raises(ValueError, match="method='fast' is unknown; there are lattice, exact"):
        dense_crf(images, maps, method='fast')
    with pytest.raises(ValueError, match='1 of 126 probabilities are NaN'):
        dense_crf(images, torch.where(torch.arange(126).view(maps.shape) == 5, float('nan'), maps))
    with pytest.raises(ValueError, match='126 of 126 values of images are NaN'):
        dense_crf(images.float() * float('nan'), maps)
    with pytest.raises(ValueError, match='too many for 63 bits: the standard deviations are too small'):
        dense_crf(images, maps, color_std=1e-5)
    side = int(MOST_EXACT**0.5) + 1
    with pytest.raises(ValueError, match='compares all pairs of 10201 pixels'):
        dense_crf(torch.zeros(3, side, side), torch.ones(1, side, side), method='exact')
