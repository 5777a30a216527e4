"""Changes of brightness and colour of a whole image in the workers; where things lie stays as it is."""

import cv2
import numpy as np

from mmwsl.datasets.transforms.geometry import GeometricTransform
from mmwsl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PhotometricDistortion(GeometricTransform):
    """Brightness, contrast, saturation and hue, each changed in half of the images (Liu et al. 2016, SSD).

    Contrast comes before saturation and hue in half of the images, and after them in the others.

    Args:
        brightness: largest shift of pixel values.
        contrast, saturation: smallest and largest factor.
        hue: largest turn, in degrees.
    """

    stream = 5

    def __init__(self, brightness=32, contrast=(0.5, 1.5), saturation=(0.5, 1.5), hue=36):
        self.brightness, self.contrast, self.saturation, self.hue = brightness, contrast, saturation, hue

    def __call__(self, results):
        generator = self.generator(results)
        shift, contrast = generator.uniform(-self.brightness, self.brightness), generator.uniform(*self.contrast)
        saturation, hue = generator.uniform(*self.saturation), generator.uniform(-self.hue, self.hue)
        shifted, first, contrasted, saturated, turned = generator.random(5) < 0.5
        image = self.image(results)
        if shifted:
            image = _clipped(image.astype(np.float32) + shift)
        if contrasted and first:
            image = _clipped(image * np.float32(contrast))
        if saturated or turned:
            hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)  # hue in half degrees
            if saturated:
                hsv[..., 1] = (hsv[..., 1] * saturation).clip(0, 255)
            if turned:
                hsv[..., 0] = (hsv[..., 0] + hue / 2) % 180
            image = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
        if contrasted and not first:
            image = _clipped(image * np.float32(contrast))
        results['image'] = image
        return results


def _clipped(image):
    return image.clip(0, 255).astype(np.uint8)
