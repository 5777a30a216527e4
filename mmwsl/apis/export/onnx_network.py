"""What an ONNX file computes of a network of images."""

from typing import Any

import torch
from torch import nn

from mmwsl.models.base import Model
from mmwsl.models.necks.mlp import pool
from mmwsl.models.supervised import ImageClassifier


class ImageNetwork(nn.Module):
    """What an ONNX file computes of a model: of images (B, C, H, W) a tuple in the order of :attr:`names`.

    ``features`` (B, D) are the averages of the backbone's last map; ``map`` (B, D, h, w) is that map, where it is one;
    ``scores`` (B, K) are a classifier's, before softmax or sigmoid.

    Args:
        model: with a backbone.
        normalize: take images in [0, 1], and normalize them as the model's data preprocessor does.

    Raises:
        ValueError: there is no backbone, or ``normalize`` where the preprocessor does not just normalize.
    """

    dynamic = True  # batches of any size

    def __init__(self, model: Model, normalize: bool = False) -> None:
        super().__init__()
        if not hasattr(model, 'backbone'):
            raise ValueError(f'{type(model).__name__} has no backbone of images, which is what --to onnx writes')
        preprocessor = model.data_preprocessor
        if normalize:
            if getattr(preprocessor, 'test_view', None) or not model.sees_rgb or not statistics(preprocessor):
                raise ValueError(f'--normalize: the data preprocessor of {type(model).__name__} does more to an image, '
                                 'or less, than normalize it; leave --normalize away, and give the network what it '
                                 'takes')
            for name, values in statistics(preprocessor).items():
                self.register_buffer(name, values.reshape(1, -1, 1, 1))
        self.normalize, self.backbone = normalize, model.backbone
        self.head: nn.Module | None = model.head if isinstance(model, ImageClassifier) else None
        self.names = ['features']

    def normalized(self, images: torch.Tensor) -> torch.Tensor:
        """``images``, by mean and standard deviation where the file does that."""
        return (images - self.get_buffer('mean')) / self.get_buffer('std') if self.normalize else images

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        levels = self.backbone(self.normalized(images))
        outputs = dict(features=pool(levels))
        if levels[-1].dim() == 4:
            outputs['map'] = levels[-1]
        scores = None if self.head is None else self.head(levels)
        if isinstance(scores, torch.Tensor):  # heads of several layers give a dict
            outputs['scores'] = scores
        self.names = list(outputs)
        return tuple(outputs.values())


def statistics(preprocessor: Any) -> dict[str, torch.Tensor]:
    """``mean`` and ``std`` of images in [0, 1]; empty where a preprocessor has none."""
    if getattr(preprocessor, 'std', None) is None:
        return {}
    scale = 255 if float(preprocessor.std.max()) > 1 else 1  # detection keeps them in units of pixel values
    return {name: getattr(preprocessor, name) / scale for name in ('mean', 'std')}
