"""Features of the single layers of a backbone: their maps, pooled to some 9,000 numbers."""

import torch
import torch.nn as nn
import torch.nn.functional as F

# Layers 1-5 are AlexNet's convolutions. 'deepcluster': kernel, stride and padding of an average pool that brings the
# maps of a 224 px image to 9,216 or 9,600 numbers (channels 96-256-384-384-256). 'rotnet': output sides of an adaptive
# maximum pool, 9,216 to 9,600 numbers (channels 64-192-384-256-256). 'openselfsup': as 'deepcluster' for a ResNet-50,
# whose layers are 0, the stem before its max-pool, and 1-4, the stages; 8,192 or 9,216 numbers (Goyal et al. 2019).
POOLINGS = {
    'deepcluster': {1: (6, 6, 3), 2: (4, 4, 0), 3: (3, 3, 1), 4: (3, 3, 1), 5: (2, 2, 0)},
    'rotnet': {1: 12, 2: 7, 3: 5, 4: 6, 5: 6},
    'openselfsup': {0: (10, 10, 4), 1: (16, 8, 0), 2: (13, 5, 0), 3: (8, 3, 0), 4: (6, 1, 0)},
}


def check_pooling(pooling, layers):
    """Raise ValueError unless ``pooling`` is a preset of :data:`POOLINGS` that knows all of ``layers``."""
    if pooling not in POOLINGS:
        raise ValueError(f'pooling={pooling!r} is unknown; choose one of {", ".join(POOLINGS)}')
    unknown = sorted(set(layers) - set(POOLINGS[pooling]))
    if unknown:
        raise ValueError(f'the pooling {pooling!r} is of layers {", ".join(map(str, POOLINGS[pooling]))}; it says '
                         f'nothing of {", ".join(map(str, unknown))}')


def pool_map(maps, pooling, layer):
    """Pool the maps of one layer and flatten them: (B, C, H, W) -> (B, C * h * w), fp32.

    ``'rotnet'`` leaves a map as it is that is smaller than what it pools to.

    Raises:
        ValueError: not maps, or smaller than the kernel.
    """
    if not isinstance(maps, torch.Tensor) or maps.ndim != 4:
        shape = tuple(maps.shape) if isinstance(maps, torch.Tensor) else type(maps).__name__
        raise ValueError(f'layer {layer} must give maps (B, C, H, W) to pool, got {shape}')
    maps, side = maps.float(), POOLINGS[pooling][layer]
    if pooling == 'rotnet':
        return F.adaptive_max_pool2d(maps, [min(side, length) for length in maps.shape[2:]]).flatten(1)
    kernel, stride, padding = side
    if min(maps.shape[2:]) + 2 * padding < kernel:
        raise ValueError(f'the maps of layer {layer} are {tuple(maps.shape[2:])}, smaller than the kernel {kernel} of '
                         f'the pooling {pooling!r}, which is of 224 px images; use larger images')
    return F.avg_pool2d(maps, kernel, stride, padding).flatten(1)


class LayerFeatures(nn.Module):
    """A model seen through one map of its backbone: ``forward(..., mode='tensor')`` gives it pooled, (B, D).

    The model is run as it is, so a method that feeds its backbone something else than RGB is judged as it would be by
    its own features; the map is taken from the last entry of what ``model.backbone`` returns on the way.

    Args:
        model: has a ``backbone`` whose last output is the layer, run once per image.
        pooling: name in :data:`POOLINGS`.
        layer: which layer that is.
    """

    def __init__(self, model, pooling, layer):
        super().__init__()
        self.model, self.data_preprocessor = model, model.data_preprocessor
        self.pooling, self.layer = pooling, layer

    def forward(self, inputs, data_samples=None, mode='tensor'):
        seen = []
        hook = self.model.backbone.register_forward_hook(lambda module, arguments, output: seen.append(output))
        try:
            self.model(inputs, data_samples, mode=mode)
        finally:
            hook.remove()
        if len(seen) != 1:
            raise ValueError(f'{type(self.model).__name__} ran its backbone {len(seen)} times for a batch of features')
        maps = seen[0][-1] if isinstance(seen[0], (list, tuple)) else seen[0]
        return pool_map(maps, self.pooling, self.layer)
