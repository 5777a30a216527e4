"""Small images, held in memory, at another size."""

import torch
import torch.nn.functional as F

from mmwsl.datasets.base import InMemoryDataset
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class Resized(InMemoryDataset):
    """An in-memory dataset with its images resized (bilinear), for networks that need larger ones.

    Takes N x 3 x size x size bytes. In training, ``RandomResizedCrop`` resizes on the device instead.

    Args:
        dataset: config or instance of an :class:`InMemoryDataset`, CIFAR-10 for instance.
        size: side in pixels.

    Raises:
        ValueError: the dataset has no images in memory, or ``size`` is below 1.
    """

    def __init__(self, dataset, size):
        dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        if not isinstance(dataset, InMemoryDataset):
            raise ValueError(f'Resized takes datasets that hold their images in memory, not {type(dataset).__name__}: '
                             'give that one a pipeline (ResizeCenterCrop)')
        if size < 1:
            raise ValueError(f'Resized: size={size} is impossible; it must be 1 or more')
        images = torch.cat([
            F.interpolate(part.float(), (size, size), mode='bilinear', antialias=True).round_().clamp_(0, 255).byte()
            for part in dataset.images.split(1000)])
        super().__init__(images, dataset.labels, dataset.classes, dataset.supervision)
