"""Pictures whose pixels tell where they are, and their files."""

import numpy as np
from PIL import Image


def smooth_picture(width, height):
    """A picture whose red grows with x, green with y, blue with both; smooth, so JPEG keeps it well."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([x, y, (x + y) / 2], axis=-1).round().astype(np.uint8)


def save(path, picture, **options):
    Image.fromarray(picture).save(path, **options)
    return path


def annotated_picture(height=40, width=60):
    rng = np.random.default_rng(0)
    classes = np.zeros((height, width), np.uint8)
    classes[:, :5] = 1
    return dict(image=rng.integers(0, 256, (height, width, 3), dtype=np.uint8), class_map=classes)
