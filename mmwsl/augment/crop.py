"""Random resized crops and flips of a whole batch.

Cropping, resizing and flipping are linear along each axis, so a view is two small matrix products,
``rows @ image @ columns^T``, with matrices of its own for every sample. On a CPU that beats gathering pixels at the
sizes where crops are made on the device (up to 64 px or so), and it makes flip, bicubic and antialias one code path.
"""

import math
from collections.abc import Sequence

import torch

from mmwsl.augment.sampling import bernoulli_mask, check_images, check_probability, check_range, full_precision, uniform
from mmwsl.registry import VIEWS

ATTEMPTS = 10  # boxes tried before the central crop is taken; the number of the usual recipe


def crop_boxes(count: int, height: int, width: int, scale: tuple[float, float] = (0.08, 1.0),
               ratio: tuple[float, float] = (3 / 4, 4 / 3), device: torch.device | str | None = None,
               generator: torch.Generator | None = None) -> torch.Tensor:
    """Draw crop boxes: area uniform in ``scale``, width / height log-uniform in ``ratio``, place uniform.

    Of ten drawn boxes a sample takes the first that fits into the image; if none fits, the largest central one whose
    shape is within ``ratio``.

    Returns:
        (count, 4) float32 whole numbers: top, left, height, width in pixels.
    """
    area = height * width * uniform((count, ATTEMPTS), *scale, device, generator)
    shape = uniform((count, ATTEMPTS), math.log(ratio[0]), math.log(ratio[1]), device, generator).exp_()
    widths, heights = (area * shape).sqrt_().round_(), (area / shape).sqrt_().round_()
    fits = (widths >= 1) & (widths <= width) & (heights >= 1) & (heights <= height)
    first = fits.byte().argmax(1, keepdim=True)  # argmax returns the first of equals

    shape = min(max(width / height, ratio[0]), ratio[1])
    fallback_height, fallback_width = min(height, round(width / shape)), min(width, round(height * shape))
    none = ~fits.any(1)
    heights = heights.gather(1, first).squeeze(1).masked_fill_(none, fallback_height)
    widths = widths.gather(1, first).squeeze(1).masked_fill_(none, fallback_width)

    place = uniform((2, count), 0, 1, device, generator)
    # the minimum: a draw just below 1 may round up to one place too many
    top = torch.minimum((place[0] * (height - heights + 1)).floor_(), height - heights)
    left = torch.minimum((place[1] * (width - widths + 1)).floor_(), width - widths)
    top = torch.where(none, (height - fallback_height) // 2, top)
    left = torch.where(none, (width - fallback_width) // 2, left)
    return torch.stack([top, left, heights, widths], dim=1)


def resample_weights(start: torch.Tensor, length: torch.Tensor, source: int, target: int,
                     flip: torch.Tensor | None = None, interpolation: str = 'bilinear',
                     antialias: bool = False) -> torch.Tensor:
    """Matrices that crop an axis of ``source`` pixels to [start, start + length) and resize it to ``target`` pixels.

    Pixel centres lie at half-integers (align_corners=False). Pixels outside the crop have no weight, and every row
    sums to 1, so that the result equals cropping first and resizing then.

    Args:
        start, length (Tensor): (B,) in pixels.
        flip (Tensor, optional): (B,) bool, reverse the output.
        interpolation (str): 'bilinear', or 'bicubic' with a = -0.5 (as Pillow).
        antialias (bool): widen the kernel by the shrinking factor, as Pillow does.

    Returns:
        (B, target, source) float32.
    """
    place = torch.arange(target, device=start.device) + 0.5
    if flip is not None:
        place = torch.where(flip[:, None], target - place, place)
    step = (length / target)[:, None]
    centre = start[:, None] + place * step - 0.5  # (B, target)
    pixel = torch.arange(source, device=start.device, dtype=torch.float32)
    distance = (centre[:, :, None] - pixel).abs_()
    if antialias:
        distance /= step.clamp(min=1)[:, :, None]
    if interpolation == 'bilinear':
        weights = distance.neg_().add_(1).clamp_(min=0)
    else:
        near = (1.5 * distance - 2.5) * distance * distance + 1
        far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        weights = torch.where(distance < 1, near, far).masked_fill_(distance >= 2, 0)
    inside = (pixel >= start[:, None]) & (pixel < (start + length)[:, None])
    weights *= inside[:, None]
    return weights.div_(weights.sum(2, keepdim=True))


def crop_and_resize(images: torch.Tensor, boxes: torch.Tensor, size: tuple[int, int], flip: torch.Tensor | None = None,
                    interpolation: str = 'bilinear', antialias: bool = False) -> torch.Tensor:
    """Crop each image to its box, resize to ``size`` = (height, width) and flip where told, in one resampling.

    Args:
        images (Tensor): (B, C, H, W), float32 in [0, 1] or uint8.
        boxes (Tensor): (B, 4) top, left, height, width in pixels, inside the image.
        flip (Tensor, optional): (B,) bool.

    Returns:
        (B, C, *size) contiguous float32 in [0, 1].
    """
    count, channels, height, width = images.shape
    top, left, heights, widths = boxes.unbind(1)
    rows = resample_weights(top, heights, height, size[0], None, interpolation, antialias)
    columns = resample_weights(left, widths, width, size[1], flip, interpolation, antialias)
    if images.dtype == torch.uint8:
        images, rows = images.float(), rows / 255
    with full_precision(images):
        # this order and these transpositions need no copy between the two products
        flat = images.reshape(count, channels * height, width)
        views = torch.bmm(columns, flat.transpose(1, 2)).view(count, size[1] * channels, height)
        views = torch.bmm(views, rows.transpose(1, 2)).view(count, size[1], channels, size[0])
    return views.permute(0, 2, 3, 1).contiguous().clamp_(0, 1)


@VIEWS.register_module()
class RandomResizedCrop:
    """Crop a random box and resize it, with an optional horizontal flip, in one resampling.

    Args:
        size (int | tuple): side, or (height, width), of the views in pixels.
        scale (tuple): smallest and largest area of the box as a fraction of the image's.
        ratio (tuple): smallest and largest width / height of the box.
        flip_prob (float): probability of a horizontal flip.
        interpolation (str): 'bilinear' or 'bicubic'; bicubic overshoot is clamped to [0, 1].
        antialias (bool): smooth where the box is larger than the view; without it a strong reduction aliases.

    Images may be float32 in [0, 1] or uint8; views are float32 (B, C, height, width) in [0, 1].
    """

    def __init__(self, size: int | Sequence[int], scale: Sequence[float] = (0.08, 1.0),
                 ratio: Sequence[float] = (3 / 4, 4 / 3), flip_prob: float = 0.0, interpolation: str = 'bilinear',
                 antialias: bool = False) -> None:
        sides = (size, size) if isinstance(size, int) else tuple(size)
        if len(sides) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
            raise ValueError(f'size={size!r} must be a positive integer or a pair (height, width) of them')
        if interpolation not in ('bilinear', 'bicubic'):
            raise ValueError(f"interpolation={interpolation!r} is unknown; choose 'bilinear' or 'bicubic'")
        check_probability(flip_prob=flip_prob)
        self.size = sides[0], sides[1]
        self.scale = check_range('scale', scale, above=0, high=1)
        self.ratio = check_range('ratio', ratio, above=0)
        self.flip_prob = flip_prob
        self.interpolation = interpolation
        self.antialias = antialias

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images, also_uint8=True)
        height, width = images.shape[2:]
        boxes = crop_boxes(len(images), height, width, self.scale, self.ratio, images.device, generator)
        flip = bernoulli_mask(images, self.flip_prob, generator).flatten()
        return crop_and_resize(images, boxes, self.size, flip, self.interpolation, self.antialias)


@VIEWS.register_module()
class RandomPaddedCrop:
    """Cut ``size`` x ``size`` at a random place out of the image with ``padding`` black pixels on every side.

    Raises:
        ValueError: ``size`` or ``padding`` below 1 or 0; from a call, an image that is too small.
    """

    def __init__(self, size: int, padding: int = 4) -> None:
        if size < 1 or padding < 0:
            raise ValueError(f'size={size} must be 1 or more and padding={padding} 0 or more')
        self.size, self.padding = size, padding

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        padded = torch.nn.functional.pad(images, (self.padding,) * 4)
        if min(padded.shape[2:]) < self.size:
            raise ValueError(f'images of {tuple(images.shape[2:])} with {self.padding} pixels of padding are smaller '
                             f'than the crop of {self.size}')
        windows = padded.unfold(2, self.size, 1).unfold(3, self.size, 1)  # (B, C, places, places, size, size), a view
        y, x = (torch.randint(places, (len(images),), device=images.device, generator=generator)
                for places in windows.shape[2:4])
        return windows[torch.arange(len(images), device=images.device), :, y, x]


@VIEWS.register_module()
class RandomHorizontalFlip:
    """Mirror left and right with probability ``prob``."""

    def __init__(self, prob: float = 0.5) -> None:
        check_probability(prob=prob)
        self.prob = prob

    def __call__(self, images: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        check_images(images)
        return torch.where(bernoulli_mask(images, self.prob, generator), images.flip(3), images)
