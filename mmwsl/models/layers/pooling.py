"""Maps pooled to vectors: means of cells, and presets that make some 9,000 numbers of a layer, for linear probes."""

import torch
import torch.nn.functional as F

# Layers 1-5 are AlexNet's convolutions. 'deepcluster': kernel, stride and padding of an average pool that brings the
# maps of a 224 px image to 9,216 or 9,600 numbers (channels 96-256-384-384-256). 'rotnet': output sides of an adaptive
# maximum pool, 9,216 to 9,600 numbers (channels 64-192-384-256-256). 'openselfsup': as 'deepcluster' for a ResNet-50,
# whose layers are 0, the stem before its max-pool, and 1-4, the stages; 8,192 or 9,216 numbers (Goyal et al. 2019).
# 'adaptive': an average over as many equal parts as that leaves, for images of any size.
POOLINGS = {
    'deepcluster': {1: (6, 6, 3), 2: (4, 4, 0), 3: (3, 3, 1), 4: (3, 3, 1), 5: (2, 2, 0)},
    'rotnet': {1: 12, 2: 7, 3: 5, 4: 6, 5: 6},
    'openselfsup': {0: (10, 10, 4), 1: (16, 8, 0), 2: (13, 5, 0), 3: (8, 3, 0), 4: (6, 1, 0)},
    'adaptive': {0: 12, 1: 6, 2: 4, 3: 3, 4: 2},
}
# Height and width of what comes out of maps of 224 px images; by 'adaptive' and 'rotnet' of any that are no smaller.
SIDES = {
    'deepcluster': {1: 10, 2: 6, 3: 5, 4: 5, 5: 6},
    'rotnet': POOLINGS['rotnet'],
    'openselfsup': POOLINGS['adaptive'],
    'adaptive': POOLINGS['adaptive'],
}


def cell_means(maps, grid):
    """Means of grid x grid cells of maps (B, C, h, w), side by side: (B, C grid^2)."""
    return (maps.mean((2, 3)) if grid == 1 else F.adaptive_avg_pool2d(maps, grid)).flatten(1)


def check_pooling(pooling, layers):
    """Raise ValueError unless ``pooling`` is a preset of :data:`POOLINGS` that knows all of ``layers``."""
    if pooling not in POOLINGS:
        raise ValueError(f'pooling={pooling!r} is unknown; choose one of {", ".join(POOLINGS)}')
    unknown = sorted(set(layers) - set(POOLINGS[pooling]))
    if unknown:
        raise ValueError(f'the pooling {pooling!r} is of layers {", ".join(map(str, POOLINGS[pooling]))}; it says '
                         f'nothing of {", ".join(map(str, unknown))}')


def pool_map(features, pooling, layer):
    """Pool the feature map of one layer and flatten it: (B, C, H, W) -> (B, C * h * w), fp32.

    ``'rotnet'`` and ``'adaptive'`` leave a map as it is that is smaller than what they pool to.

    Raises:
        ValueError: not maps, or smaller than the kernel.
    """
    if not isinstance(features, torch.Tensor) or features.ndim != 4:
        shape = tuple(features.shape) if isinstance(features, torch.Tensor) else type(features).__name__
        raise ValueError(f'layer {layer} must give maps (B, C, H, W) to pool, got {shape}')
    features, side = features.float(), POOLINGS[pooling][layer]
    if pooling in ('rotnet', 'adaptive'):
        adaptive_pool = F.adaptive_max_pool2d if pooling == 'rotnet' else F.adaptive_avg_pool2d
        return adaptive_pool(features, [min(side, length) for length in features.shape[2:]]).flatten(1)
    kernel, stride, padding = side
    if min(features.shape[2:]) + 2 * padding < kernel:
        raise ValueError(f'the feature maps of layer {layer} are {tuple(features.shape[2:])}, smaller than the kernel '
                         f'{kernel} of the pooling {pooling!r}, which is of 224 px images; use larger images')
    return F.avg_pool2d(features, kernel, stride, padding).flatten(1)
