"""Small pictures of the images that a page is about."""

import numpy as np
import torch
from PIL import Image

from mmwsl.datasets.transforms.decode import resize


def thumbnail(image: torch.Tensor | list[torch.Tensor], side: int = 48) -> np.ndarray:
    """uint8 (side, side, 3) of an image (C, H, W), which is squashed; small ones are only enlarged."""
    image = image[0] if isinstance(image, list) else image
    picture = image.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
    if max(picture.shape) <= side:
        return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST))
    return resize(picture, side, side)
