"""Images inside a page."""

import base64

import cv2
import numpy as np


def image_uri(image, quality=None):
    """A ``data:`` URI of an image, uint8 (H, W, 3) RGB or (H, W): a PNG, so nothing is lost, or a JPEG of a quality.

    Raises:
        ValueError: another type or shape.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.shape[2:] not in ((), (3,)) or image.ndim < 2 or not image.size:
        raise ValueError(f'an image is uint8 (H, W, 3) or (H, W); got {image.dtype} of shape {image.shape}')
    kind, settings = ('png', []) if quality is None else ('jpeg', [cv2.IMWRITE_JPEG_QUALITY, quality])
    encoded = cv2.imencode(f'.{kind}', image if image.ndim == 2 else image[..., ::-1], settings)[1]
    return f'data:image/{kind};base64,' + base64.b64encode(encoded).decode()
