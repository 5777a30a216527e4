"""Transforms of an image that has a flow: a crop of both, and the points of it that a network is told."""

import numpy as np

from mmwsl.datasets.transforms.geometry import BOXES, GeometricTransform
from mmwsl.flow import guidance_points, sparse_motion
from mmwsl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomCropFlow(GeometricTransform):
    """Cut ``size`` x ``size`` at random of the image, of its flow, and of its class map if it has one.

    Raises:
        ValueError: no size; from a call, an image smaller than that, no flow, or boxes, which it does not move.
    """

    stream = 7

    def __init__(self, size=320):
        if size < 1:
            raise ValueError(f'RandomCropFlow: size={size} is impossible; it must be 1 or more')
        self.size = size

    def __call__(self, results):
        image = self.image(results)
        if 'flow' not in results or (BOXES | {'masks'}) & results.keys():
            raise ValueError('RandomCropFlow cuts images with flow, and boxes would not be moved; it is for FlowPairs')
        height, width = image.shape[:2]
        if min(height, width) < self.size:
            raise ValueError(f'RandomCropFlow: {results.get("path")} is of {width} x {height} pixels here, less than '
                             f'size={self.size}; resize it first (ResizeShortEdge)')
        generator = self.generator(results)
        top, left = (int(generator.integers(side - self.size + 1)) for side in (height, width))
        for name in {'image', 'flow', 'class_map'} & results.keys():
            results[name] = np.ascontiguousarray(results[name][top:top + self.size, left:left + self.size])
        return results


@TRANSFORMS.register_module()
class FlowGuidance(GeometricTransform):
    """Add ``guidance`` (3, H, W) float32: the flow at some of its points, and 1 there, for a network to propagate.

    Args:
        stride: of the grid of points, in pixels.
        kernel: odd window in pixels, of the points in the middle of what moves together.
        most: keep so many at random, None all; or (low, high), a number drawn anew for each image, high included.

    Raises:
        ValueError: impossible numbers; from a call, no flow.
    """

    stream = 8

    def __init__(self, stride, kernel, most=None):
        low, high = (most, most) if most is None or isinstance(most, int) else most
        if stride < 1 or kernel < 3 or kernel % 2 == 0 or (most is not None and not 0 <= low <= high):
            raise ValueError(f'FlowGuidance: stride={stride} must be 1 or more, kernel={kernel} odd and 3 or more, '
                             f'most={most} a number, two that rise, or None')
        self.stride, self.kernel, self.low, self.high = stride, kernel, low, high

    def __call__(self, results):
        if 'flow' not in results:
            raise ValueError('FlowGuidance needs images with flow; it is for FlowPairs and FlowFrames')
        generator, flow = self.generator(results), np.nan_to_num(results['flow'])
        most = None if self.low is None else int(generator.integers(self.low, self.high + 1))
        results['guidance'] = sparse_motion(flow, guidance_points(flow, self.stride, self.kernel, generator, most))
        return results
