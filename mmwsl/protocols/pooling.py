"""Pooled features of single layers of a backbone."""

import torch.nn as nn

from mmwsl.models.layers.pooling import pool_map


class LayerFeatures(nn.Module):
    """Wrapper of a model whose ``forward(..., mode='tensor')`` gives one feature map of its backbone, pooled, (B, D).

    The model is run as it is, so a method that feeds its backbone something else than RGB is evaluated as it would be
    by its own features; the map is taken from the last entry of what ``model.backbone`` returns on the way.

    Args:
        model: has a ``backbone`` whose last output is the layer, run once per image.
        pooling: name in :data:`mmwsl.models.layers.pooling.POOLINGS`.
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
