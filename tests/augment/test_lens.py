import math

import numpy as np
import pytest
import torch

from mmwsl import augment
from mmwsl.augment import (
    AberrationProjection,
    ChromaticAberration,
    ColorDropping,
    Coma,
    LensDistortion,
    RandomRadialGain,
    Vignetting,
)

EVERY = [AberrationProjection(), ChromaticAberration((-0.1, 0.1)), ColorDropping(), Coma((0, 0.2)),
         LensDistortion((-0.2, 0.2)), LensDistortion((-0.2, 0.2), 0.05, inverse=True), RandomRadialGain(),
         Vignetting((0.2, 0.8))]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_images(count=3, height=9, width=12):
    return torch.rand(count, 3, height, width, generator=seeded())


def smooth_images(side=48):
    """Two slow waves: what bilinear resampling hardly changes."""
    y, x = torch.meshgrid(*[torch.linspace(0, 1, side)] * 2, indexing='ij')
    return torch.stack([0.5 + 0.4 * torch.sin(4 * x + 2 * y), 0.5 + 0.4 * torch.cos(5 * y - x), x * y])[None]


def dot(y, x, side=41):
    image = torch.zeros(1, 3, side, side)
    image[:, :, y, x] = 1
    return image


def centroid(channel):
    mass = channel / channel.sum()
    axis = torch.arange(channel.shape[-1], dtype=torch.float32)
    return float((mass.sum(1) * axis).sum()), float((mass.sum(0) * axis).sum())


def look_up(channel, row, column):
    """Bilinear, the outermost pixels repeated: one value of a numpy array at a place in pixel centres."""
    height, width = channel.shape
    row, column = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
    top, left = min(int(row), height - 2), min(int(column), width - 2)
    down, right = row - top, column - left
    return (channel[top, left] * (1 - down) * (1 - right) + channel[top + 1, left] * down * (1 - right)
            + channel[top, left + 1] * (1 - down) * right + channel[top + 1, left + 1] * down * right)


def resample_slowly(channel, factor):
    """The pixel at p shows what was at ``factor(radius) * p``, p from the centre; pixel by pixel."""
    height, width = channel.shape
    out = np.empty_like(channel)
    for i in range(height):
        for j in range(width):
            y, x = i - (height - 1) / 2, j - (width - 1) / 2
            scale = factor(math.hypot(y, x) / (math.hypot(height, width) / 2))
            out[i, j] = look_up(channel, y * scale + (height - 1) / 2, x * scale + (width - 1) / 2)
    return out


@pytest.mark.parametrize('op', EVERY, ids=lambda op: type(op).__name__)
def test_every_view(op):
    """Shape and type stay, the input is left alone, a generator repeats, and each sample stands alone."""
    images = random_images()
    before = images.clone()
    first, again = op(images, seeded(1)), op(images, seeded(1))
    assert first.shape == images.shape and first.dtype == torch.float32 and torch.equal(images, before)
    assert torch.equal(first, again)
    bound = 1 / 6 if isinstance(op, AberrationProjection) else 1e-6
    assert -bound <= first.min() and first.max() <= 1 + bound
    assert not torch.allclose(first, images, atol=1e-3)
    if not isinstance(op, AberrationProjection):  # random: two copies of one image are treated differently
        same = op(images[:1].expand(8, -1, -1, -1), seeded(2))
        assert not torch.allclose(same, same[:1], atol=1e-4)
    with pytest.raises(ValueError, match=r'\(B, .*H, W\)'):
        op(images[0])


def test_channels_are_magnified_about_the_centre():
    images = random_images()
    views = ChromaticAberration(0.2, channels=(-1, 0, 0.5))(images)
    for b in range(len(images)):
        for c, magnification in enumerate((0.8, 1.0, 1.1)):
            expected = resample_slowly(images[b, c].numpy(), lambda r, m=magnification: 1 / m)
            np.testing.assert_allclose(views[b, c], expected, atol=1e-5)


def test_fringe_grows_with_the_radius():
    """Green moves outwards by strength x distance, red and blue stay."""
    for y, x in ((20, 24), (20, 36), (8, 20)):
        view = ChromaticAberration(0.25)(dot(y, x))[0]
        for channel, factor in ((0, 1), (1, 1.25), (2, 1)):
            assert centroid(view[channel]) == pytest.approx((20 + (y - 20) * factor, 20 + (x - 20) * factor), abs=0.35)


@pytest.mark.parametrize('k1, k2', [(0.3, 0.0), (-0.25, 0.0), (0.1, -0.1)])
def test_distortion_is_the_polynomial(k1, k2):
    images = random_images(1)
    views = LensDistortion(k1, k2)(images)
    zoom = max(1 + k1 * r ** 2 + k2 * r ** 4 for r in (9 / 15, 1))  # sides 9 and 12, diagonal 15
    for c in range(3):
        expected = resample_slowly(images[0, c].numpy(), lambda r: (1 + k1 * r ** 2 + k2 * r ** 4) / zoom)
        np.testing.assert_allclose(views[0, c], expected, atol=1e-5)


def test_barrel_and_pincushion():
    """The magnification falls outwards under k1 > 0 and grows under k1 < 0."""
    for k1, falls in ((0.3, True), (-0.25, False)):
        inner, outer = (centroid(LensDistortion(k1)(dot(20, x))[0, 0])[1] for x in (24, 34))
        assert ((inner - 20) / 4 > (outer - 20) / 14) == falls


@pytest.mark.parametrize('k1, k2', [(0.3, 0.1), (-0.2, 0.0), (0.0, 0.0)])
def test_inverse_takes_a_known_distortion_back(k1, k2):
    """Lines are straight again: what comes back is the image, magnified by the two zooms together."""
    images = smooth_images()
    there = LensDistortion(k1, k2)(images)
    back = LensDistortion(k1, k2, inverse=True)(there)
    at_border = [1 + k1 * r ** 2 + k2 * r ** 4 for r in (0.5 ** 0.5, 1)]
    for c in range(3):
        expected = resample_slowly(images[0, c].numpy(), lambda r: min(at_border) / max(at_border))
        np.testing.assert_allclose(back[0, c], expected, atol=8e-3)
    if k1:
        assert (there - back).abs().max() > 0.03


def test_vignetting_by_hand():
    """4 x 2 pixels: half the diagonal is sqrt(5), the corner pixel lies at (1.5, 0.5)."""
    view = Vignetting(0.5)(torch.ones(1, 3, 4, 2))[0, 0]
    far, near = 1 - 0.5 * (1.5 ** 2 + 0.25) / 5, 1 - 0.5 * (0.25 + 0.25) / 5
    assert view.tolist() == pytest.approx(np.array([[far, far], [near, near], [near, near], [far, far]]))


def test_coma_tail_points_outwards_and_keeps_the_mass_of_flat_images():
    flat = torch.full((1, 3, 12, 12), 0.3)
    torch.testing.assert_close(Coma(0.3)(flat), flat)
    y, x = centroid(Coma(0.3, samples=8)(dot(20, 32))[0, 0])
    assert y == pytest.approx(20, abs=0.1) and x > 32.5
    assert centroid(Coma(0.3)(dot(20, 20))[0, 0]) == pytest.approx((20, 20), abs=1e-3)  # no tail at the centre


def test_random_gain_is_a_parabola_of_stops_about_a_random_point():
    """log2 of the gain fits s (distance from a point)^2 in every sample; points and signs differ."""
    images = torch.full((64, 1, 8, 10), 0.125)
    gains = torch.log2(RandomRadialGain(2)(images, seeded())[:, 0] / 0.125)
    y, x = torch.meshgrid(torch.arange(8.0) - 3.5, torch.arange(10.0) - 4.5, indexing='ij')
    design = torch.stack([torch.ones(80), x.flatten(), y.flatten(), (x ** 2 + y ** 2).flatten()], dim=1)
    solution = torch.linalg.lstsq(design, gains.flatten(1).T).solution  # (4, 64)
    torch.testing.assert_close(design @ solution, gains.flatten(1).T, atol=1e-3, rtol=0)
    at_x, at_y = -solution[1] / (2 * solution[3]), -solution[2] / (2 * solution[3])
    torch.testing.assert_close(solution[0], solution[3] * (at_x ** 2 + at_y ** 2), atol=1e-2, rtol=0)  # gain 1 there
    assert at_x.abs().max() < 5.1 and at_x.std() > 2 and at_y.abs().max() < 4.1 and at_y.std() > 1.5
    assert 0.35 < (solution[3] > 0).float().mean() < 0.65
    farthest = gains.flatten(1).abs().amax(1)
    assert 1.8 < farthest.max() < 2.001 and farthest.mean() == pytest.approx(1, abs=0.2)
    assert RandomRadialGain(3)(images * 6, seeded()).max() == 1  # clamped
    assert torch.equal(RandomRadialGain(prob=0.0)(images), images)


def test_dropping_keeps_one_channel_and_fills_the_others():
    images = random_images(300, 16, 16)
    views = ColorDropping(noise=0.1)(images, seeded())
    kept = (views == images).flatten(2).all(dim=2)
    assert (kept.sum(1) == 1).all()
    assert kept.float().mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.1)
    deviation = images.std(dim=(2, 3))[kept]
    for c, fill in enumerate((0.485, 0.456, 0.406)):
        filled = views[~kept[:, c], c]
        assert filled.mean() == pytest.approx(fill, abs=0.002)
        assert (filled.std(dim=(1, 2)) / deviation[~kept[:, c]]).mean() == pytest.approx(0.1, abs=0.005)
    assert torch.equal(ColorDropping(prob=0.0)(images), images)


def test_projection_takes_one_axis_out():
    images = random_images()
    view = AberrationProjection()(images)
    assert (view * torch.tensor([-1.0, 2, -1]).view(1, 3, 1, 1)).sum(1).abs().max() < 1e-5
    torch.testing.assert_close(AberrationProjection()(view), view)
    grey, red_blue = images[:, :1].expand(-1, 3, -1, -1), images * torch.tensor([1.0, 0, -1]).view(1, 3, 1, 1)
    red_blue[:, 2] = -red_blue[:, 0]
    torch.testing.assert_close(AberrationProjection()(grey), grey)
    torch.testing.assert_close(AberrationProjection()(red_blue), red_blue)


def test_countermeasures_remove_the_planted_cue():
    """A grey edge far from the centre: aberration gives it a colour fringe, which dropping and projection take away.

    After dropping, what is left is one channel, that of the lens or that of the picture; after projection nothing of
    the fringe's own axis.
    """
    edge = torch.zeros(1, 3, 32, 32)
    edge[..., 26:] = 1
    planted = ChromaticAberration(0.1)(edge)
    fringe = (planted[:, 1] - planted[:, 0]).abs().max()
    assert fringe > 0.5
    axis = torch.tensor([-1.0, 2, -1]).view(1, 3, 1, 1)
    assert (AberrationProjection()(planted) * axis).sum(1).abs().max() < 1e-5 < (planted * axis).sum(1).abs().max()
    dropped = ColorDropping(noise=0.0)(planted.expand(30, -1, -1, -1), seeded())
    assert (dropped.std(dim=(2, 3)) > 0.1).sum(1).tolist() == [1] * 30  # one channel varies: nothing to compare it with


@pytest.mark.parametrize('make, message', [
    (lambda: ChromaticAberration(1.5), 'strength'), (lambda: ChromaticAberration(channels=(1, 0)), 'channels'),
    (lambda: Vignetting(1.2), 'strength'), (lambda: Vignetting((0.5, 0.2)), 'strength'),
    (lambda: LensDistortion(-0.5), 'fold'), (lambda: LensDistortion((-0.1, 0.1), (-0.5, 0)), 'fold'),
    (lambda: Coma(samples=1), 'samples'), (lambda: Coma(-0.1), 'strength'), (lambda: RandomRadialGain(-1), 'stops'),
    (lambda: ColorDropping(noise=-1), 'noise'), (lambda: ColorDropping(fill=(0, 0)), 'fill'),
    (lambda: ColorDropping()(torch.rand(2, 1, 4, 4)), 'RGB')])
def test_bad_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_all_are_views_by_name():
    assert {type(op).__name__ for op in EVERY} <= set(augment.__all__)
