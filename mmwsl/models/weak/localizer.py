"""A classifier that is trained by tags and says where: CAM, Hide-and-Seek, ADL, ACoL, CutMix and others share it."""

import torch

from mmwsl.augment.cutmix import CutMix
from mmwsl.models.classifiers import ImageClassifier
from mmwsl.models.weak.cam import CAMHead
from mmwsl.models.weak.maps import normalize_maps, resize_maps
from mmwsl.registry import MODELS


@MODELS.register_module()
class Localizer(ImageClassifier):
    """A backbone and a weak head, whose ``class_maps`` show each class.

    Hide-and-Seek is a view of the data preprocessor. ADL is a part that is put behind named parts of the backbone.

    Args:
        backbone: encoder.
        head: :class:`CAMHead`, :class:`ACoLHead`, ...; ``in_channels`` may be left out.
        after: name of a part of the backbone, as ``named_modules`` has it -> config of what its output goes through.
        cutmix: settings of :class:`mmwsl.augment.cutmix.CutMix` for every batch; None for none.
        scales: the maps and the scores are averages over the image at these scales.
        flip: ... and over the image and its mirror image.
        topk: maps of so many of the best classes, beside the true one.
    """

    def __init__(self, backbone, head, after=None, cutmix=None, scales=(1.0,), flip=False, topk=5, **kwargs):
        super().__init__(backbone, head, **kwargs)
        parts = dict(self.backbone.named_modules())
        for name, config in (after or {}).items():
            if name not in parts:
                raise ValueError(f'Localizer: after={name!r} is no part of {type(self.backbone).__name__}; it has '
                                 f'{", ".join(each for each in parts if each.count(".") < 2 and each)}')
            part = self.make(config)
            self.add_module('after_' + name.replace('.', '_'), part)
            parts[name].register_forward_hook(lambda _, __, output, part=part: part(output))
        if cutmix is not None and not isinstance(self.head, CAMHead):
            raise ValueError(f'Localizer: cutmix mixes labels, which {type(self.head).__name__} does not take; use '
                             'CAMHead')
        self.cutmix = None if cutmix is None else CutMix(**cutmix)
        self.scales, self.flip, self.topk = tuple(scales), flip, topk

    def forward(self, inputs, data_samples=None, mode='tensor'):
        """As :class:`ImageClassifier`; ``predict`` also gives ``pred_map_labels`` (B, K), the best classes and, last,
        the true one where it is known, and ``pred_maps`` (B, K, H, W) of them in [0, 1], of the input's size."""
        images = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        if mode == 'predict':
            return self.predict(images, data_samples)
        if mode == 'loss' and self.cutmix is not None:
            labels = self.labels(data_samples, images.device)
            images, order, share = self.cutmix(images)
            return self.head.loss(self.backbone(images), labels, labels[order], share)
        return super().forward(images, data_samples, mode)

    @torch.no_grad()
    def predict(self, images, data_samples):
        scores = sum(self.head(self.backbone(view)).float().softmax(1) for view, _ in self._views(images))
        scores = scores / (len(self.scales) * (1 + self.flip))
        labels = scores.topk(min(self.topk, scores.shape[1])).indices  # (B, k)
        true = data_samples.get('gt_label')
        if true is not None:
            true = torch.as_tensor(true, device=images.device)
            labels = torch.cat([labels, true[:, None]], dim=1)
        total, rows = 0, torch.arange(len(images), device=images.device)[:, None]
        for view, mirrored in self._views(images):
            maps = self.backbone(view)
            shown = self.head.class_maps(maps, labels[:, -1])[rows, labels]
            shown = normalize_maps(resize_maps(shown, images.shape[2:]))
            total = total + (shown.flip(3) if mirrored else shown)
        data_samples.pred_scores = {'': scores}
        data_samples.pred_map_labels, data_samples.pred_maps = labels, normalize_maps(total)
        return [data_samples]

    def _views(self, images):
        """The images at every scale, and mirrored; with whether they are."""
        for scale in self.scales:
            size = [max(1, round(side * scale)) for side in images.shape[2:]]
            scaled = images if scale == 1 else torch.nn.functional.interpolate(
                images, size=size, mode='bilinear', align_corners=False, antialias=True)
            for mirrored in (False, True)[:1 + self.flip]:
                yield (scaled.flip(3) if mirrored else scaled), mirrored
