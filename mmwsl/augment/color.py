"""Colour views: each is an affine map of RGB, so a chain of them is one 3x4 matrix per sample."""

import math

import torch

from mmwsl.augment.sampling import bernoulli_mask, check_images, check_probability, constant, full_precision, uniform
from mmwsl.registry import VIEWS

GRAY = (0.299, 0.587, 0.114)
TO_YIQ = (GRAY, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
FROM_YIQ = tuple(map(tuple, torch.tensor(TO_YIQ, dtype=torch.float64).inverse().tolist()))


def hue_matrix(shift: torch.Tensor) -> torch.Tensor:
    """(B, 3, 3) rotations of the chroma plane of YIQ by ``shift`` (B,) full turns; grey and luma stay as they are.

    A positive shift goes from red over green to blue, like the hue of HSV.
    """
    # in the (I, Q) plane the angle falls from red over green to blue: rotate clockwise
    cosine, sine = torch.cos(2 * math.pi * shift), torch.sin(2 * math.pi * shift)
    zero, one = torch.zeros_like(shift), torch.ones_like(shift)
    rotation = torch.stack([one, zero, zero, zero, cosine, sine, zero, -sine, cosine], dim=1).view(-1, 3, 3)
    return constant(FROM_YIQ, shift.device) @ rotation @ constant(TO_YIQ, shift.device)


def color_matrix(mean: torch.Tensor, brightness: torch.Tensor, contrast: torch.Tensor, saturation: torch.Tensor,
                 hue: torch.Tensor) -> torch.Tensor:
    """Compose the four operations of each sample to one affine map of RGB.

    Brightness multiplies; contrast blends with the mean grey of the image as transformed so far; saturation blends each
    pixel with its grey; hue rotates the chroma. Without clamping in between they commute: the last two keep grey and
    the grey of the mean, the first is a plain factor. Any order gives this matrix, so none is drawn.

    Args:
        mean (Tensor): (B, 3), mean RGB of the images.
        brightness, contrast, saturation (Tensor): (B,) factors, 1 = no change.
        hue (Tensor): (B,) full turns, 0 = no change.

    Returns:
        (B, 3, 4): linear part and, in the last column, offset.
    """
    gray, eye = constant(GRAY, mean.device), torch.eye(3, device=mean.device)
    saturation = saturation[:, None, None]
    linear = (saturation * eye + (1 - saturation) * gray) @ hue_matrix(hue) * (brightness * contrast)[:, None, None]
    offset = brightness * (1 - contrast) * (mean @ gray)
    return torch.cat([linear, offset[:, None, None].expand(-1, 3, 1)], dim=2)


def apply_color(images: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Map the colours of (B, 3, H, W) images by (B, 3, 4) affine matrices; clamped to [0, 1] once, at the end."""
    pixels = images.reshape(len(images), 3, -1)
    with full_precision(images):
        views = torch.baddbmm(matrix[:, :, 3:], matrix[:, :, :3], pixels)
    return views.view(images.shape).clamp_(0, 1)


def _check_rgb(images: torch.Tensor) -> None:
    check_images(images)
    if images.shape[1] != 3:
        raise ValueError(f'a colour view needs RGB images (B, 3, H, W), got {tuple(images.shape)}')


@VIEWS.register_module()
class ColorJitter:
    """Random brightness, contrast, saturation and hue, then greyscale at times, drawn per sample.

    All of it is one matrix per sample, applied in one product. Two deviations from applying the operations one by one:
    values are clamped to [0, 1] once at the end, not after each operation, which makes the order of the operations
    (random in the published recipes) irrelevant; and hue turns the chroma of YIQ, which is linear and keeps the luma,
    where that of HSV is not linear and does not.

    Args:
        brightness, contrast, saturation (float): x >= 0; the factor is uniform in [max(0, 1 - x), 1 + x].
        hue (float): in [0, 0.5]; the shift is uniform in [-hue, hue] full turns.
        prob (float): probability that the four operations are applied.
        gray_prob (float): probability of greyscale after them, drawn independently.
    """

    def __init__(self, brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0, hue: float = 0.0,
                 prob: float = 1.0, gray_prob: float = 0.0) -> None:
        for name, value in dict(brightness=brightness, contrast=contrast, saturation=saturation).items():
            if not value >= 0:
                raise ValueError(f'{name}={value} must not be negative; the factor lies in [max(0, 1 - x), 1 + x]')
        if not 0 <= hue <= 0.5:
            raise ValueError(f'hue={hue} must lie in [0, 0.5], a fraction of a full turn')
        check_probability(prob=prob, gray_prob=gray_prob)
        self.factors = brightness, contrast, saturation
        self.hue = hue
        self.prob = prob
        self.gray_prob = gray_prob

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        _check_rgb(images)
        count, device = len(images), images.device
        brightness, contrast, saturation = (uniform((count,), max(0, 1 - x), 1 + x, device, generator)
                                            for x in self.factors)
        hue = uniform((count,), -self.hue, self.hue, device, generator)
        jittered, gray = (bernoulli_mask(images, prob, generator).view(-1, 1, 1)
                          for prob in (self.prob, self.gray_prob))
        with full_precision(images):
            matrix = color_matrix(images.mean((2, 3)), brightness, contrast, saturation, hue)
            matrix = torch.where(jittered, matrix, torch.eye(3, 4, device=device))
            matrix = torch.where(gray, constant(GRAY, device) @ matrix[:, None], matrix)
        return apply_color(images, matrix)


@VIEWS.register_module()
class RandomGrayscale:
    """Replace RGB by its luma (0.299, 0.587, 0.114) in all three channels with probability ``prob``."""

    def __init__(self, prob: float = 0.2) -> None:
        check_probability(prob=prob)
        self.prob = prob

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        _check_rgb(images)
        red, green, blue = images.split(1, dim=1)
        gray = GRAY[0] * red + GRAY[1] * green + GRAY[2] * blue
        return torch.where(bernoulli_mask(images, self.prob, generator), gray, images)


@VIEWS.register_module()
class RandomSolarize:
    """Invert the values at or above ``threshold`` with probability ``prob``.

    Args:
        threshold (float): in [0, 1]. 0.5 separates the bytes 127 and 128, which is what "solarize at 128" means, and
            unlike 128 / 255 it does not hang on the last bit of a float.
        prob (float): probability per sample.
    """

    def __init__(self, threshold: float = 0.5, prob: float = 0.2) -> None:
        if not 0 <= threshold <= 1:
            raise ValueError(f'threshold={threshold} must lie in [0, 1]; divide a threshold in bytes by 255')
        check_probability(prob=prob)
        self.threshold = threshold
        self.prob = prob

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        inverted = bernoulli_mask(images, self.prob, generator) & (images >= self.threshold)
        return torch.where(inverted, 1 - images, images)


# Principal components of ImageNet's colours, for values in [0, 1]: deviations, and directions as columns.
EIGENVALUES = (0.2175, 0.0188, 0.0045)
EIGENVECTORS = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))


@VIEWS.register_module()
class Lighting:
    """Add a random multiple of each principal component of colour to all pixels (Krizhevsky et al. 2012, section 4.1).

    Args:
        std (float): standard deviation of the multiples.
    """

    def __init__(self, std: float = 0.1) -> None:
        if std < 0:
            raise ValueError(f'std={std} must be 0 or more')
        self.std = std

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        _check_rgb(images)
        multiples = torch.randn(len(images), 3, device=images.device, generator=generator) * self.std
        with full_precision(images):
            shift = (multiples * constant(EIGENVALUES, images.device)) @ constant(EIGENVECTORS, images.device).T
        return images + shift[:, :, None, None]
