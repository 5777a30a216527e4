"""PAMR and PAR, against loops over pixels and neighbors."""

import math

import pytest
import torch

from mmwsl.refine import pamr, par
from mmwsl.refine.neighborhood import neighbor_offsets

DILATIONS = (1, 3)


def picture(seed=0, batch=2, height=5, width=6):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float64) * 255
    return images, torch.rand(batch, 2, height, width, generator=generator, dtype=torch.float64)


def std(values):
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean)**2 for value in values) / (len(values) - 1))


def softmax(logits):
    exponentials = [math.exp(each - max(logits)) for each in logits]
    return [each / sum(exponentials) for each in exponentials]


def pamr_logits(center, neighbors, lengths):
    spread = [std([*own, *[middle] * len(DILATIONS)]) for own, middle in zip(neighbors, center, strict=True)]
    return softmax([sum(-abs(own[k] - middle) / (0.1 * deviation + 1e-8)
                        for own, middle, deviation in zip(neighbors, center, spread, strict=True)) / 3
                    for k in range(len(lengths))])


def par_logits(center, neighbors, lengths):
    colors = softmax([sum(-((own[k] - middle) / (std(own) + 1e-8) / 0.3)**2
                          for own, middle in zip(neighbors, center, strict=True)) / 3 for k in range(len(lengths))])
    distances = softmax([-(length / (std(lengths) + 1e-8) / 0.3)**2 for length in lengths])
    return [color + 0.01 * distance for color, distance in zip(colors, distances, strict=True)]


def by_loops(image, mask, weights_of, num_iterations):
    """One image (3, H, W) and mask (C, H, W): neighbors beyond the border are the pixels on it."""
    _, height, width = image.shape
    offsets = [(dy * step, dx * step) for step in DILATIONS for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    lengths = [math.hypot(*offset) for offset in offsets]
    near, weights = {}, {}
    for y in range(height):
        for x in range(width):
            near[y, x] = [(min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)) for dy, dx in offsets]
            neighbors = [[image[color, r, c].item() for r, c in near[y, x]] for color in range(3)]
            weights[y, x] = weights_of(image[:, y, x].tolist(), neighbors, lengths)
    for _ in range(num_iterations):
        before, mask = mask, torch.empty_like(mask)
        for (y, x), places in near.items():
            mask[:, y, x] = sum(weight * before[:, r, c] for weight, (r, c) in zip(weights[y, x], places, strict=True))
    return mask


@pytest.mark.parametrize('refine, weights_of', [(pamr, pamr_logits), (par, par_logits)])
def test_against_loops(refine, weights_of):
    images, masks = picture()
    found = refine(images, masks, DILATIONS, num_iterations=2)
    for number in range(2):
        expected = by_loops(images[number], masks[number], weights_of, 2)
        torch.testing.assert_close(found[number], expected, rtol=0, atol=1e-6)


def test_sums_of_weights():
    images, _ = picture()
    ones = torch.ones(2, 1, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(pamr(images, ones), ones)
    torch.testing.assert_close(par(images, ones, normalize=True), ones)
    torch.testing.assert_close(par(images, ones), ones * 1.01**10)


@pytest.mark.parametrize('refine', [pamr, par])
def test_batch_dtype_and_range(refine):
    images, masks = picture()
    found = refine(images, masks)
    torch.testing.assert_close(refine(images.flip(0), masks.flip(0)).flip(0), found)
    torch.testing.assert_close(refine(images / 255 - 0.5, masks), found, rtol=0, atol=1e-5)  # normalized or not
    whole = images.round()
    torch.testing.assert_close(refine(whole.byte(), masks), refine(whole, masks))
    low = refine(images.half(), masks.half())
    assert low.dtype == torch.float32
    torch.testing.assert_close(low.double(), found, rtol=0, atol=2e-2)


@pytest.mark.parametrize('refine', [pamr, par])
def test_nan_is_not_hidden(refine):
    images, masks = picture()
    masks[0, 0, 2, 2] = float('nan')
    found = refine(images, masks)
    assert found[0, 0].isnan().any() and not found[0, 1].isnan().any() and not found[1].isnan().any()


@pytest.mark.parametrize('refine', [pamr, par])
def test_wrong_inputs_are_refused(refine):
    images, masks = picture()
    with pytest.raises(ValueError, match='2 images of 5 x 6 pixels, but 2 maps of 5 x 5; resize'):
        refine(images, masks[..., :5])
    with pytest.raises(ValueError, match='2 images of 5 x 6 pixels, but 1 maps of 5 x 6'):
        refine(images, masks[:1])
    with pytest.raises(ValueError, match=r'images must be \(B, 3, H, W\)'):
        refine(images[:, :1], masks)
    with pytest.raises(ValueError, match='of floating point, got .* of torch.int64'):
        refine(images, masks.long())
    with pytest.raises(ValueError, match='dilations must be'):
        refine(images, masks, dilations=(0, 1))


def test_neighbor_offsets():
    assert len(neighbor_offsets((1, 2, 4, 8, 12, 24))) == 48
    assert set(neighbor_offsets([2])) == {(-2, -2), (-2, 0), (-2, 2), (0, -2), (0, 2), (2, -2), (2, 0), (2, 2)}
