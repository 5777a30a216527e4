"""What a lens leaves in a photograph, and views that hide it.

A patch tells where it was cut out by what the lens did there: colour fringes, tails and distortion point away from the
image's centre, and light falls off from it. ``ChromaticAberration``, ``Coma``, ``LensDistortion`` and ``Vignetting``
plant these traces; ``ColorDropping``, ``AberrationProjection``, ``RandomRadialGain`` and ``LensDistortion`` with a
random range or ``inverse=True`` work against them. Radii are in half diagonals: 0 at the centre, 1 at the corners.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F

from mmwsl.augment.color import _check_rgb
from mmwsl.augment.sampling import bernoulli_mask, check_images, check_probability, check_range, constant, uniform
from mmwsl.registry import VIEWS

GREEN_MAGENTA = (-1.0, 2.0, -1.0)


def _amounts(name: str, value: float | Sequence[float], **bounds: float) -> tuple[float, float]:
    """A number or a pair (smallest, largest) as a checked pair."""
    return check_range(name, (value, value) if isinstance(value, (int, float)) else value, **bounds)


def _drawn(amounts: tuple[float, float], images: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """(B, 1, 1, 1) uniform in the pair ``amounts``; nothing is drawn where both ends are equal."""
    if amounts[0] == amounts[1]:
        return torch.full((len(images), 1, 1, 1), amounts[0], device=images.device)
    return uniform((len(images), 1, 1, 1), *amounts, images.device, generator)


def radial_positions(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pixel centres of (B, C, H, W) images about the image's centre, in units of half the diagonal.

    Returns:
        tuple: y (H, 1), x (1, W) and the radius (H, W).
    """
    height, width = images.shape[2:]
    y, x = (torch.arange(side, device=images.device) + 0.5 - side / 2 for side in (height, width))
    y, x = (axis / (math.hypot(height, width) / 2) for axis in (y[:, None], x[None]))
    return y, x, torch.sqrt(y ** 2 + x ** 2)


def scale_radially(images: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Resample so that the pixel at position p (from the centre) shows what was at ``factor * p``; bilinear.

    Args:
        images: (B, C, H, W).
        factor: broadcastable to (B, C, H, W); above 1 shrinks the picture there. Beyond the border its outermost pixels
            repeat.
    """
    count, channels, height, width = images.shape
    y, x, _ = radial_positions(images)
    diagonal = math.hypot(height, width)
    own = factor.shape[1]  # channels with a factor each, or all with the same
    places = x * factor * (diagonal / width), y * factor * (diagonal / height)  # -1 and 1 are the borders
    grid = torch.stack(torch.broadcast_tensors(*places), dim=-1)
    grid = grid.expand(count, own, height, width, 2).reshape(-1, height, width, 2)
    resampled = F.grid_sample(images.reshape(count * own, channels // own, height, width), grid, mode='bilinear',
                              padding_mode='border', align_corners=False)
    return resampled.view(images.shape)


@VIEWS.register_module()
class ChromaticAberration:
    """Lateral chromatic aberration: the colour channels are magnified differently about the image's centre.

    Channel c is magnified by 1 + strength * channels[c], so that edges get a fringe that grows with the radius. At
    radius r, s of the half diagonal is a shift by ``strength * r`` half diagonals.

    Args:
        strength: above -1; or (smallest, largest), drawn per sample.
        channels: share of red, green and blue, each in [-1, 1]. (0, 1, 0) moves green against magenta, as achromatic
            lenses do; (1, 0, -1) is a simple lens.
    """

    def __init__(self, strength: float | Sequence[float] = 0.05, channels: Sequence[float] = (0.0, 1.0, 0.0)) -> None:
        self.strength = _amounts('strength', strength, low=-0.9, high=0.9)
        self.channels = tuple(float(share) for share in channels)
        if len(self.channels) != 3 or max(map(abs, self.channels)) > 1:
            raise ValueError(f'channels={channels} must be three shares (red, green, blue) from -1 to 1')

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        _check_rgb(images)
        share = constant(self.channels, images.device).view(1, 3, 1, 1)
        return scale_radially(images, 1 / (1 + _drawn(self.strength, images, generator) * share))


@VIEWS.register_module()
class Coma:
    """Points get a tail away from the image's centre, as long as they are far from it.

    A mean of ``samples`` copies, magnified by 1 to 1 + strength, the first ones with the largest weights (they fall
    linearly): bright at the head, fading along the tail.

    Args:
        strength: length of the tail at the corners in half diagonals, 0 to 0.9; or (smallest, largest).
        samples: at least 2; a tail of n pixels needs about n.
    """

    def __init__(self, strength: float | Sequence[float] = 0.1, samples: int = 4) -> None:
        self.strength = _amounts('strength', strength, low=0, high=0.9)
        if not isinstance(samples, int) or samples < 2:
            raise ValueError(f'samples={samples!r} must be an integer of 2 or more: one copy has no tail')
        self.samples = samples

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        strength, total = _drawn(self.strength, images, generator), self.samples * (self.samples + 1) / 2
        views = images * (self.samples / total)
        for number in range(1, self.samples):
            copy = scale_radially(images, 1 / (1 + strength * (number / (self.samples - 1))))
            views = views + copy * ((self.samples - number) / total)
        return views


@VIEWS.register_module()
class LensDistortion:
    """Radial distortion: radius r shows what was at ``r (1 + k1 r^2 + k2 r^4) / z``; k > 0 is barrel, k < 0 pincushion.

    z zooms in until nothing beyond the border is shown, because a repeated border would be a cue of its own. A random
    range, as in ``k1=(-0.2, 0.2)``, is the counter-measure; ``inverse=True`` takes a known distortion back, with a zoom
    of its own.

    Args:
        k1, k2: coefficients; or (smallest, largest), drawn per sample.
        inverse: apply the inverse of the map.

    Raises:
        ValueError: the map folds over: 1 + 3 k1 r^2 + 5 k2 r^4 must stay above 0 up to the corners.
    """

    def __init__(self, k1: float | Sequence[float] = 0.0, k2: float | Sequence[float] = 0.0,
                 inverse: bool = False) -> None:
        self.k1, self.k2, self.inverse = _amounts('k1', k1), _amounts('k2', k2), inverse
        slopes = [1 + 3 * first * (r / 100) ** 2 + 5 * second * (r / 100) ** 4
                  for first in self.k1 for second in self.k2 for r in range(101)]
        if min(slopes) <= 0:
            raise ValueError(f'k1={k1}, k2={k2} fold the image over before its corners; take them closer to 0 '
                             '(1 + 3 k1 + 5 k2 must be above 0)')

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        k1, k2 = _drawn(self.k1, images, generator), _drawn(self.k2, images, generator)

        def stretch(r: torch.Tensor | float) -> torch.Tensor:
            return 1 + k1 * r ** 2 + k2 * r ** 4

        radius = radial_positions(images)[2].view(1, 1, *images.shape[2:])
        nearest = min(images.shape[2:]) / math.hypot(*images.shape[2:])
        at_border = stretch(nearest), stretch(1)  # radii of border pixels lie between these two
        if not self.inverse:
            return scale_radially(images, stretch(radius) / torch.maximum(*at_border))
        target = radius * torch.minimum(*at_border)  # = r * stretch(r); Newton's method, for all pixels at once
        source = target.clamp(max=1)
        for _ in range(8):
            slope = 1 + 3 * k1 * source ** 2 + 5 * k2 * source ** 4
            source = (source - (source * stretch(source) - target) / slope).clamp(0, 1)
        return scale_radially(images, source / radius.clamp(min=1e-6))


@VIEWS.register_module()
class Vignetting:
    """Light falls off from the centre: pixels at radius r are multiplied by 1 - strength * r^2.

    Args:
        strength: 0 to 1, the loss at the corners; or (smallest, largest), drawn per sample.
    """

    def __init__(self, strength: float | Sequence[float] = 0.5) -> None:
        self.strength = _amounts('strength', strength, low=0, high=1)

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        return images * (1 - _drawn(self.strength, images, generator) * radial_positions(images)[2] ** 2)


@VIEWS.register_module()
class RandomRadialGain:
    """Hide a fall-off of light under another one, about a random point: the counter-measure to vignetting.

    The gain is ``2 ** (s d^2)``: d is the distance from a point uniform in the image, 1 at the pixel farthest from it,
    and s is uniform in [-stops, stops]. The result is clamped to 1.

    Args:
        stops: largest gain or loss in powers of two, 0 or more.
        prob: probability per sample.
    """

    def __init__(self, stops: float = 2.0, prob: float = 1.0) -> None:
        self.stops = check_range('stops', (-stops, stops))
        check_probability(prob=prob)
        self.prob = prob

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        count, device = len(images), images.device
        y, x, _ = radial_positions(images)
        square = torch.zeros((), device=device)
        for axis, side in ((y, images.shape[2]), (x, images.shape[3])):
            half = side / math.hypot(*images.shape[2:])
            centre = uniform((count, 1, 1, 1), -half, half, device, generator)
            square = square + (axis - centre) ** 2
        stops = _drawn(self.stops, images, generator) * bernoulli_mask(images, self.prob, generator)
        return (images * torch.exp2(stops * square / square.amax(dim=(2, 3), keepdim=True))).clamp(max=1)


@VIEWS.register_module()
class ColorDropping:
    """Keep one channel and fill the others with faint noise, so that no two can be compared (Doersch et al. 2015).

    The channel is drawn per sample; the paper draws it per patch. The noise has the fill colour as its mean, which
    normalisation takes to 0.

    Args:
        noise: standard deviation of the noise as a share of that of the kept channel.
        prob: probability per sample.
        fill: mean of the noise, per channel; ImageNet's by default.
    """

    def __init__(self, noise: float = 0.01, prob: float = 1.0, fill: Sequence[float] = (0.485, 0.456, 0.406)) -> None:
        if noise < 0:
            raise ValueError(f'noise={noise} must not be negative')
        check_probability(prob=prob)
        self.noise = noise
        self.prob = prob
        self.fill = tuple(float(value) for value in fill)
        if len(self.fill) != 3:
            raise ValueError(f'fill={fill} must have three values (red, green, blue)')

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        _check_rgb(images)
        count, device = len(images), images.device
        kept = torch.randint(3, (count, 1, 1, 1), device=device, generator=generator)
        keep = (torch.arange(3, device=device).view(1, 3, 1, 1) == kept) | ~bernoulli_mask(images, self.prob, generator)
        deviation = images.std(dim=(2, 3), keepdim=True).gather(1, kept)
        noise = torch.randn(images.shape, device=device, generator=generator) * (deviation * self.noise)
        filling = (noise + constant(self.fill, device).view(1, 3, 1, 1)).clamp_(0, 1)
        return torch.where(keep, images, filling)


@VIEWS.register_module()
class AberrationProjection:
    """Take the green-magenta axis out of every colour (Doersch et al. 2015).

    Colours are multiplied by ``B = I - a^T a / (a a^T)`` with the row vector a = (-1, 2, -1). Grey stays grey.
    Values may leave [0, 1] by up to 1/6: clamping them would bring some of the axis back, so put this view last.
    """

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        _check_rgb(images)
        axis = constant(GREEN_MAGENTA, images.device).view(1, 3, 1, 1) / 6 ** 0.5
        return images - axis * (images * axis).sum(dim=1, keepdim=True)
