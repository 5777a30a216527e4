"""Linear classifiers on several feature maps, trained at once (Goyal et al. 2019, section 6.1)."""

import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.heads.classes import check_classes
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.layers.pooling import SIDES, check_pooling, pool_map
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import HEADS


@HEADS.register_module()
class MultiLayerHead(BaseModule):
    """Linear probe per feature map: pooling to a few thousand numbers, batch norm without affine, linear layer.

    Losses and scores are named ``layer0`` ... after ``layers``; the classifiers share nothing, so training them
    together is training each alone.

    Args:
        in_channels: of the feature maps, one for each of ``layers``.
        num_classes: number of classes.
        layers: which ``out_indices`` of the backbone the maps are.
        pooling: name in :data:`mmwsl.models.layers.pooling.POOLINGS`.
        norm_cfg: of the norm; None for none.
        init_std: standard deviation of the weights' normal initialisation.
    """

    def __init__(self, in_channels, num_classes, layers=(0, 1, 2, 3, 4), pooling='adaptive',
                 norm_cfg=dict(type='SyncBN'), init_std=0.01, init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        check_classes(self, num_classes)
        check_pooling(pooling, layers)
        if len(in_channels) != len(layers):
            raise ValueError(f'MultiLayerHead has {len(layers)} layers but {len(in_channels)} in_channels; give the '
                             'backbone out_indices equal to layers')
        self.num_classes, self.layers, self.pooling = num_classes, tuple(layers), pooling
        self.norms, self.classifiers = nn.ModuleList(), nn.ModuleList()
        for channels, layer in zip(in_channels, self.layers, strict=True):
            self.norms.append(build_norm(dict(norm_cfg, affine=False), channels) if norm_cfg else nn.Identity())
            classifier = nn.Linear(channels * SIDES[pooling][layer]**2, num_classes)
            nn.init.normal_(classifier.weight, std=init_std)
            nn.init.zeros_(classifier.bias)
            self.classifiers.append(classifier)

    def forward(self, features):
        """Scores (B, num_classes) by name of the layer.

        Raises:
            ValueError: a map that the pooling brings to another size.
        """
        scores = {}
        for layer, x, norm, classifier in zip(self.layers, features, self.norms, self.classifiers, strict=True):
            side = SIDES[self.pooling][layer]
            pooled = pool_map(x, self.pooling, layer)  # (B, C * side * side)
            if pooled.shape[1] != classifier.in_features:
                raise ValueError(f'the maps of layer {layer} are {tuple(x.shape[1:])}; pooled by {self.pooling!r} they '
                                 f'have {pooled.shape[1]} numbers, not {classifier.in_features}. Use images of 224 px, '
                                 "or pooling='adaptive'")
            pooled = norm(pooled.unflatten(1, (-1, side, side))).flatten(1)
            scores[f'layer{layer}'] = classifier(pooled)
        return scores

    def loss(self, features, labels):
        """``loss_layer0`` ...: mean cross-entropies against ``labels`` (B,), and ``accuracy_layer0`` ... in percent."""
        result = {}
        for name, scores in self(features).items():
            result[f'loss_{name}'] = F.cross_entropy(upcast(scores), labels)
            result[f'accuracy_{name}'] = accuracy(scores, labels)
        return result
