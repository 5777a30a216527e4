"""FineGAN's background discriminator: patches, judged one by one, and which of them lie outside of a box."""

import torch
import torch.nn as nn

from mmwsl.models.generative.blocks import init_orthogonal
from mmwsl.registry import MODELS


def receptive_field(kernels, strides):
    """Side of what one output of a chain of unpadded convolutions sees, and how far two neighbors' windows are apart.

    Returns:
        tuple: field, stride, in pixels of the input.
    """
    field, stride = 1, 1
    for kernel, step in zip(kernels, strides, strict=True):
        field += (kernel - 1) * stride
        stride *= step
    return field, stride


def patches_outside(boxes, grid, field, stride):
    """Which patches share no pixel with a box: bool (B, 1, h, w).

    Patch (i, j) is [j stride, j stride + field) x [i stride, i stride + field). A box without area hides nothing.

    Args:
        boxes: (B, N, 4) x1 y1 x2 y2 in pixels, x2 and y2 exclusive; or a list of B tensors (N, 4).
        grid: (h, w).
        field, stride: of :func:`receptive_field`.
    """
    if isinstance(boxes, (list, tuple)):
        return torch.cat([patches_outside(each[None], grid, field, stride) for each in boxes])
    touched = []
    for count, low, high in ((grid[0], boxes[..., 1], boxes[..., 3]), (grid[1], boxes[..., 0], boxes[..., 2])):
        start = torch.arange(count, device=boxes.device) * stride
        touched.append((start < high[..., None]) & (start + field > low[..., None]))  # (B, N, count)
    area = (boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1])
    inside = touched[0][..., :, None] & touched[1][..., None, :] & area[..., None, None]
    return ~inside.any(1, keepdim=True)


@MODELS.register_module()
class PatchDiscriminator(nn.Module):
    """Unpadded convolutions with LeakyReLU .2, then two logits a patch: real, and background rather than object.

    The published one sees 34x34 pixels every 4, so that 126x126 px give 24x24 patches.

    Args:
        channels: width of the first convolution; each further one doubles it.
        kernels, strides: of the convolutions.
        last: kernel of the two layers of logits.
    """

    def __init__(self, channels=64, kernels=(4, 4, 4), strides=(2, 2, 1), last=4):
        super().__init__()
        layers, width = [], 3
        for number, (kernel, stride) in enumerate(zip(kernels, strides, strict=True)):
            layers += [nn.Conv2d(width, channels * 2**number, kernel, stride, bias=False), nn.LeakyReLU(0.2)]
            width = channels * 2**number
        self.layers = nn.Sequential(*layers)
        self.real, self.background = nn.Conv2d(width, 1, last), nn.Conv2d(width, 1, last)
        self.field, self.stride = receptive_field((*kernels, last), (*strides, 1))
        init_orthogonal(self)

    def forward(self, images):
        """(B, 3, H, W) -> logits of real and of background, (B, 1, h, w) each."""
        x = self.layers(images)
        return self.real(x), self.background(x)
