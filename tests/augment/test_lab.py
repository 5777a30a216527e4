"""Lab against published values, the bins of the paper, and encoding against a slow search."""

import math

import numpy as np
import pytest
import torch

from mmwsl.augment import ab_bins, decode_ab, encode_ab, lab_to_rgb, rebalance_weights, rgb_to_lab

# sRGB, Lab (D65); the values that tables of colour give for white, black, the primaries, and middle grey
KNOWN = [
    ((255, 255, 255), (100.0, 0.0, 0.0)),
    ((0, 0, 0), (0.0, 0.0, 0.0)),
    ((255, 0, 0), (53.24, 80.09, 67.20)),
    ((0, 255, 0), (87.73, -86.18, 83.18)),
    ((0, 0, 255), (32.30, 79.19, -107.86)),
    ((119, 119, 119), (50.03, 0.0, 0.0)),
    ((5, 5, 5), (1.37, 0.0, 0.0)),  # the straight parts of both curves
]
# lowest and highest b of the 313 bins at each a from -90 to 100, as published with the paper
PUBLISHED = [(50, 90), (20, 90), (0, 90), (-20, 90), (-30, 100), (-40, 100), (-50, 100), (-50, 100), (-60, 100), (-70, 100),
             (-80, 90), (-80, 90), (-90, 90), (-100, 90), (-100, 80), (-110, 80), (-110, 80), (-110, 70), (-110, 70), (-90, 0)]


def random_images(count=4, side=8, seed=0):
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize('rgb, lab', KNOWN)
def test_known_colours(rgb, lab):
    pixel = torch.tensor(rgb).view(1, 3, 1, 1) / 255
    assert rgb_to_lab(pixel).flatten().tolist() == pytest.approx(lab, abs=0.02)
    assert (lab_to_rgb(torch.tensor(lab).view(1, 3, 1, 1)) - pixel).abs().max() < 0.002


def test_opencv_agrees():
    cv2 = pytest.importorskip('cv2')
    images = random_images()
    expected = np.stack([cv2.cvtColor(image.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2LAB) for image in images])
    assert np.abs(rgb_to_lab(images).permute(0, 2, 3, 1).numpy() - expected).max() < 0.5  # it interpolates a table


def test_there_and_back():
    for images, tolerance in ((random_images(), 1e-4), (random_images().double(), 1e-6)):
        lab = rgb_to_lab(images)
        assert lab.dtype == images.dtype
        assert (lab_to_rgb(lab) - images).abs().max() < tolerance
    assert torch.equal(rgb_to_lab(random_images() * 3 - 1), rgb_to_lab((random_images() * 3 - 1).clamp(0, 1)))
    assert lab_to_rgb(torch.tensor([50.0, 120, 120]).view(1, 3, 1, 1)).isfinite().all()  # no sRGB colour


def test_memory_format_precision_and_errors():
    images = random_images().contiguous(memory_format=torch.channels_last)
    assert rgb_to_lab(images).is_contiguous(memory_format=torch.channels_last)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert torch.equal(rgb_to_lab(images), rgb_to_lab(random_images()))
    with pytest.raises(ValueError, match='divide uint8 images by 255'):
        rgb_to_lab((images * 255).byte())
    with pytest.raises(ValueError, match='3 channels in dimension 1'):
        lab_to_rgb(images[:, :1])


def test_the_313_bins_are_those_of_the_paper():
    bins = ab_bins(10)
    expected = [[a, b] for a, (low, high) in zip(range(-90, 101, 10), PUBLISHED, strict=True) for b in range(low, high + 1, 10)]
    assert bins.tolist() == expected and len(bins) == 313


@pytest.mark.parametrize('step, count', [(20, 101), (40, 40)])
def test_every_colour_is_surrounded_by_bins(step, count):
    bins = ab_bins(step)
    assert len(bins) == count == len(bins.unique(dim=0)) and torch.equal(bins, ab_bins(step))
    ab = rgb_to_lab(torch.rand(5000, 3, 1, 1).round(decimals=1))[:, 1:]
    nearest, _ = encode_ab(ab, bins, step, neighbors=1)
    assert (bins[nearest.flatten()] - ab.flatten(1)).abs().max() <= step / 2 + 1e-3
    with pytest.raises(ValueError, match='must lie in'):
        ab_bins(0)


@pytest.mark.parametrize('neighbors', [1, 5, 10])
def test_encoding_against_a_search_over_all_bins(neighbors):
    bins = ab_bins(10)
    ab = rgb_to_lab(random_images(2, 6).double())[:, 1:]
    indices, weights = encode_ab(ab, bins, 10, 5.0, neighbors)
    assert indices.shape == weights.shape == (2, neighbors, 6, 6)
    for b, h, w in np.ndindex(2, 6, 6):
        a_value, b_value = ab[b, :, h, w].tolist()
        distance = [(a_value - x)**2 + (b_value - y)**2 for x, y in bins.tolist()]
        order = sorted(range(len(bins)), key=distance.__getitem__)[:neighbors]
        raw = [math.exp(-distance[q] / (2 * 5.0**2)) for q in order]
        assert indices[b, :, h, w].tolist() == order
        assert weights[b, :, h, w].tolist() == pytest.approx([value / sum(raw) for value in raw], rel=1e-6)


@pytest.mark.parametrize('step, neighbors', [(10, 5), (10, 10), (20, 5)])
def test_encoding_and_decoding_moves_a_colour_by_less_than_a_step(step, neighbors):
    bins = ab_bins(step)
    ab = rgb_to_lab(random_images(4, 16))[:, 1:]
    indices, weights = encode_ab(ab, bins, step, step / 2, neighbors)
    probabilities = torch.zeros(4, len(bins), 16, 16).scatter_(1, indices, weights)
    mean = decode_ab(probabilities.clamp(min=1e-30).log(), bins, temperature=1)
    assert (mean - ab).square().sum(1).sqrt().max() < step
    assert (mean - ab).square().sum(1).sqrt().mean() < step / 3


def test_a_coarse_grid_has_weights_where_there_are_bins():
    bins = ab_bins(60)
    indices, weights = encode_ab(rgb_to_lab(random_images())[:, 1:], bins, 60, 30, 20)
    assert weights.isfinite().all() and (weights.sum(1) - 1).abs().max() < 1e-5
    assert indices.min() >= 0 and indices.max() < len(bins)


def test_temperature_goes_from_the_mean_to_the_mode():
    bins = torch.tensor([[-20.0, 0], [0, 0], [40, 10]])
    probabilities = torch.tensor([0.3, 0.2, 0.5]).view(1, 3, 1, 1)
    decoded = {t: decode_ab(probabilities.log() + 7, bins, t).flatten() for t in (1, 0.38, 1e-3)}  # logits, not logs
    assert decoded[1].tolist() == pytest.approx([14, 5], abs=1e-4)
    assert decoded[1e-3].tolist() == pytest.approx([40, 10], abs=1e-4)
    powers = [p**(1 / 0.38) for p in (0.3, 0.2, 0.5)]
    expected = [sum(p * c for p, c in zip(powers, column, strict=True)) / sum(powers) for column in bins.T.tolist()]
    assert decoded[0.38].tolist() == pytest.approx(expected, rel=1e-5)
    assert 14 < decoded[0.38][0] < 40


def test_rebalancing():
    prior = torch.tensor([0.9, 0.1, 0.0])
    weights = rebalance_weights(prior, 0.5)
    raw = [1 / (0.5 * 0.9 + 0.25), 1 / (0.5 * 0.1 + 0.25), 1 / 0.25]  # u is uniform over the two bins that occur
    scale = 0.9 * raw[0] + 0.1 * raw[1]
    assert weights.tolist() == pytest.approx([value / scale for value in raw], rel=1e-5)
    assert (prior * weights).sum() == pytest.approx(1)
    assert rebalance_weights(prior, 1.0).tolist() == pytest.approx([1, 1, 1])
