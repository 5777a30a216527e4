"""Data preprocessors: batches of uint8 images to normalised views, on the device."""

import warnings

import torch
from mmengine.model import BaseDataPreprocessor

from mmwsl.registry import MODELS, VIEWS


def _build(pipeline):
    return [VIEWS.build(op) if isinstance(op, dict) else op for op in pipeline]


@MODELS.register_module()
class ViewPreprocessor(BaseDataPreprocessor):
    """Move a batch to the device and, in training, make the views; always normalise.

    In training ``forward`` returns ``inputs`` as a list of V float tensors (B, C, H_v, W_v); otherwise one tensor.
    Random draws come from the device's global generator, which the engine sets from (seed, iteration, rank) before
    each step, so a resumed run sees the same views.

    Args:
        mean, std: per channel, of pixel values 0-255.
        views: one pipeline (list of op configs) per view, ``[[...]] * 2`` for two of the same. Ops take and return
            (B, C, H, W) in [0, 1]. Where the dataset already cut V crops (a list of tensors comes in), pipeline v works
            on crop v; otherwise every pipeline starts from the same image.
        chained: every pipeline starts from the view before it instead: a weak view, and a strong one of the same crop.
        test_view: pipeline outside training; default none.
        channels_last: memory format of what goes into the network.
    """

    def __init__(self, mean, std, views=None, test_view=(), channels_last=False, non_blocking=True,
                 chained=False):
        super().__init__(non_blocking)
        if len(mean) != len(std) or min(std) <= 0:
            raise ValueError(f'mean {mean} and std {std} need the same length, and std must be positive')
        self.register_buffer('mean', torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1) / 255, False)
        self.register_buffer('std', torch.tensor(std, dtype=torch.float32).view(1, -1, 1, 1) / 255, False)
        if isinstance(views, dict):  # configs that were dumped before
            warnings.warn('data_preprocessor.views=dict(num=V, pipeline=[...]) will not be read for long; write '
                          'views=[[...]] * V', DeprecationWarning, stacklevel=2)
            views = [views['pipeline']] * views['num']
        self.views, self.test_view = [_build(pipeline) for pipeline in views or []], _build(test_view)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.chained = chained

    def _finish(self, images):
        finished = torch.empty_like(images, memory_format=self.memory_format)  # layout and shift in one pass
        return torch.sub(images, self.mean, out=finished).div_(self.std)

    @staticmethod
    def _unit(images):
        return images.float().div_(255) if images.dtype == torch.uint8 else images

    @staticmethod
    def _changed(images, pipeline):
        for op in pipeline:
            images = op(images)
        return images

    def _view(self, images, pipeline):
        return self._finish(self._changed(self._unit(images), pipeline))

    def _chain(self, images):
        for pipeline in self.views:
            images = self._changed(images, pipeline)
            yield self._finish(images)

    def pixels(self, images):
        """Values 0..255 of normalized images (B, 3, H, W)."""
        return (images * self.std + self.mean) * 255

    @torch.no_grad()
    def forward(self, data, training=False):
        data = self.cast_data(data)
        inputs = data['inputs']
        device_type = (inputs[0] if isinstance(inputs, (list, tuple)) else inputs).device.type
        with torch.autocast(device_type, enabled=False):
            if not training or not self.views:  # training without pipelines: the image itself is the only view
                many = isinstance(inputs, (list, tuple))
                done = [self._view(images, () if training else self.test_view)
                        for images in (inputs if many else [inputs])]
                return dict(inputs=done if many or training else done[0], data_samples=data.get('data_samples'))
            if not isinstance(inputs, (list, tuple)):
                inputs = self._unit(inputs)
                if self.chained:
                    return dict(inputs=list(self._chain(inputs)), data_samples=data.get('data_samples'))
                inputs = [inputs] * len(self.views)
            elif self.chained:
                raise ValueError('data_preprocessor.chained makes each view of the one before, but the data set cut '
                                 f'{len(inputs)} crops of its own; let it give one image, or leave chained out')
            elif len(inputs) != len(self.views):
                raise ValueError(f'the dataset cut {len(inputs)} crops but data_preprocessor.views has '
                                 f'{len(self.views)} pipelines; make the two numbers equal')
            views = [self._view(images, pipeline) for images, pipeline in zip(inputs, self.views, strict=True)]
        return dict(inputs=views, data_samples=data.get('data_samples'))


@MODELS.register_module()
class DetectionPreprocessor(BaseDataPreprocessor):
    """Normalise images of different sizes (``collate_list``) and pad them with zeros, below and right, to one batch.

    Every sample learns its ``img_shape``, the (height, width) that is image.

    Args:
        mean, std: per channel, of pixel values 0-255.
        divisor: height and width of the batch are multiples of it; the largest stride of the network.
        view: pipeline of the images in training, e.g. ``[dict(type='HideAndSeek')]``; its ops take and return
            (1, C, H, W) in [0, 1]. Boxes, masks and class maps stay as they are, so no op may move anything:
            transforms that move both belong to the data set.
        channels_last: memory format of what goes into the network.

    Raises:
        ValueError: from a call, images in one tensor, or an op of ``view`` that changed the size of an image.
    """

    def __init__(self, mean, std, divisor=32, view=(), channels_last=False, non_blocking=True):
        super().__init__(non_blocking)
        if len(mean) != len(std) or min(std) <= 0:
            raise ValueError(f'mean {mean} and std {std} need the same length, and std must be positive')
        self.register_buffer('mean', torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), False)
        self.register_buffer('std', torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), False)
        self.divisor, self.view = divisor, _build(view)
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format

    def pixels(self, images):
        """Values 0..255 of normalized images (B, 3, H, W)."""
        return images * self.std + self.mean

    @torch.no_grad()
    def forward(self, data, training=False):
        data = self.cast_data(data)
        images, samples = data['inputs'], data['data_samples']
        if not isinstance(images, (list, tuple)):
            raise ValueError("DetectionPreprocessor takes a list of images: set collate_fn=dict(type='collate_list')")
        height, width = (-(-max(image.shape[axis] for image in images) // self.divisor) * self.divisor
                         for axis in (1, 2))
        batch = torch.zeros(len(images), len(self.mean), height, width, device=self.mean.device)
        batch = batch.to(memory_format=self.memory_format)
        for row, image, sample in zip(batch, images, samples, strict=True):
            if training and self.view:
                image = self._changed(image)
            row[:, :image.shape[1], :image.shape[2]] = (image - self.mean) / self.std
            sample.set_metainfo(dict(img_shape=tuple(image.shape[1:])))
        return dict(inputs=batch, data_samples=samples)

    def _changed(self, image):
        changed = image[None].float() / 255
        for op in self.view:
            changed = op(changed)
            if changed.shape[1:] != image.shape:
                raise ValueError(f'DetectionPreprocessor: {type(op).__name__} made {tuple(changed.shape[1:])} of an '
                                 f'image {tuple(image.shape)}, and its boxes and masks would no longer fit; use '
                                 'transforms of the data set for that')
        return changed[0] * 255
