"""Localization from image labels: the model of CAM, Hide-and-Seek, ADL, ACoL, CutMix and others."""

import torch

from mmwsl.augment.cutmix import CutMix
from mmwsl.models.base import single_view
from mmwsl.models.heads import MultiLayerHead
from mmwsl.models.layers.layout import maps_with_gradients
from mmwsl.models.supervised import ImageClassifier
from mmwsl.models.weak.localization.cam import CAMHead
from mmwsl.models.weak.localization.maps import (
    class_activation_maps,
    normalize_maps,
    resize_maps,
    saliency,
    smooth_gradient,
    weighted_by_gradients,
)
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions

MAPS = ('cam', 'grad_cam', 'saliency', 'smooth_gradient')


@MODELS.register_module()
class Localizer(ImageClassifier):
    """Classifier whose ``class_maps`` or gradients localize its classes.

    Hide-and-Seek is a view of the data preprocessor. ADL is a part that is put behind named parts of the backbone, and
    so is hiding on features. A checkpoint of any :class:`ImageClassifier` can be loaded, to see where it looks.

    Args:
        backbone: encoder.
        head: :class:`CAMHead`, :class:`ACoLHead`, :class:`ClassificationHead`, :class:`MultiLabelHead`, ...;
            ``in_channels`` may be left out.
        after: name of a part of the backbone, as ``named_modules`` has it -> config of what its output goes through.
        cutmix: settings of :class:`mmwsl.augment.cutmix.CutMix` for every batch; None for none.
        scales: the maps and the scores are averages over the image at these scales.
        flip: ... and over the image and its mirror image.
        topk: number of top classes to map, besides the true ones.
        maps: what ``predict`` shows: ``'cam'``, of a head with class maps or one linear layer; ``'grad_cam'``,
            ``'saliency'`` or ``'smooth_gradient'``, of any head that gives one score per class.
        layer: name of the part of the backbone whose output Grad-CAM is made of: a map, or the tokens of a vision
            transformer (``'blocks.11.norm1'``), see :func:`mmwsl.models.layers.layout.layout_of`; None: the backbone's
            last feature map.
    """

    def __init__(self, backbone, head, after=None, cutmix=None, scales=(1.0,), flip=False, topk=5,
                 maps='cam', layer=None, **kwargs):
        super().__init__(backbone, head, **kwargs)
        for name, config in (after or {}).items():
            where, part = self._part('after', name), self.make(config)
            self.add_module('after_' + name.replace('.', '_'), part)
            where.register_forward_hook(lambda _, __, output, part=part: part(output))
        if maps not in MAPS:
            raise ValueError(f'Localizer: maps={maps!r} is unknown; choose one of {", ".join(MAPS)}')
        if isinstance(self.head, MultiLayerHead):
            raise ValueError('Localizer: MultiLayerHead has a classifier for every layer; give a head with one')
        linear = hasattr(self.head, 'pooled_weight') and self.head.pooled_weight() is not None
        if maps == 'cam' and not hasattr(self.head, 'class_maps') and not linear:
            raise ValueError(f'Localizer: {type(self.head).__name__} is not one linear layer on the mean of a map, so '
                             "there is no CAM of it; use maps='grad_cam'")
        if layer is not None:
            self._part('layer', layer)
        self.maps, self.layer = maps, layer
        if cutmix is not None and not isinstance(self.head, CAMHead):
            raise ValueError(f'Localizer: cutmix mixes labels, which {type(self.head).__name__} does not take; use '
                             'CAMHead')
        self.cutmix = None if cutmix is None else CutMix(**cutmix)
        self.scales, self.flip, self.topk = tuple(scales), flip, topk

    def _part(self, argument, name):
        parts = dict(self.backbone.named_modules())
        if name not in parts:
            raise ValueError(f'Localizer: {argument}={name!r} is no part of {type(self.backbone).__name__}; it has '
                             f'{", ".join(each for each in parts if each.count(".") < 2 and each)}')
        return parts[name]

    def loss(self, views, data_samples):
        if self.cutmix is None:
            return super().loss(views, data_samples)
        images = single_view(views)
        labels = self.labels(data_samples, images.device)
        images, order, share = self.cutmix(images)
        return self.head.loss(self.backbone(images), labels, labels[order], share)

    def predict(self, images, samples):
        """As :class:`ImageClassifier`, and with ``pred_maps`` (K, H, W) in [0, 1], of the input's size, of the classes
        ``pred_map_labels`` (K,): the best ones and, last, the true one where it is known, or every true tag."""
        encoded = self.encode(images)
        scores = self.probabilities(encoded)
        labels = map_labels(scores, samples, self.topk)
        return add_maps(samples, scores, labels, self.localize(encoded, labels, images.shape[2:]))

    def encode(self, images):
        """Encode the images at every scale, and mirrored: list of (view, whether mirrored, features)."""
        views = []
        for scale in self.scales:
            size = [max(1, round(side * scale)) for side in images.shape[2:]]
            scaled = images if scale == 1 else torch.nn.functional.interpolate(
                images, size=size, mode='bilinear', align_corners=False, antialias=True)
            views += [(scaled, False), (scaled.flip(3), True)][:1 + self.flip]
        return [(view, mirrored, self.backbone(view)) for view, mirrored in views]

    def probabilities(self, encoded):
        """Class probabilities (B, C), averaged over the views."""
        return sum(self.scores_to_probabilities(self.head(features)) for _, _, features in encoded) / len(encoded)

    def class_maps(self, images):
        """CAMs of every class, rectified and not normalized: (B, C, h, w), fp32, at the network's own resolution.

        What masks are made of, see :func:`mmwsl.models.weak.segmentation.multi_scale_maps`; of ``images`` as they are,
        whatever ``scales`` and ``flip`` say. Heads whose CAMs follow a label get each image's best class.

        Raises:
            ValueError: ``maps`` is not ``'cam'``, or the backbone returns no map.
        """
        if self.maps != 'cam':
            raise ValueError(f"Localizer: class maps are CAMs, and maps={self.maps!r} are of one class at a time; set "
                             "maps='cam'")
        features = self.backbone(images)
        if hasattr(self.head, 'class_maps'):
            return self.head.class_maps(features, self.head(features).argmax(1)).float().relu()
        return self._linear_maps(features).relu()

    def localize(self, encoded, labels, size):
        """CAMs of the classes ``labels`` (B, K), averaged over the views: (B, K, H, W) in [0, 1], of ``size``."""
        total = 0
        for view, mirrored, features in encoded:
            cams = normalize_maps(resize_maps(self._cams(view, features, labels), size))
            total = total + (cams.flip(3) if mirrored else cams)
        return normalize_maps(total)

    def _cams(self, images, features, labels):
        """CAMs (B, K, h, w) of one view, of any size and scale."""
        if self.maps != 'cam':
            return torch.stack([self._gradient_map(images, column) for column in labels.unbind(1)], dim=1)
        rows = torch.arange(len(images), device=images.device)[:, None]
        if hasattr(self.head, 'class_maps'):
            return self.head.class_maps(features, labels[:, -1])[rows, labels]
        return self._linear_maps(features)[rows, labels]

    def _linear_maps(self, features):
        """CAMs (B, C, h, w), fp32, of a head that is one linear layer."""
        if features[-1].ndim != 4:
            raise ValueError(f'{type(self.backbone).__name__} returns no map, so there is no CAM of it; set '
                             "maps='grad_cam' and layer=... (a part of the backbone)")
        return class_activation_maps(features[-1].float(), self.head.pooled_weight())

    def _gradient_map(self, images, labels):
        """Gradient-based map (B, h, w) of one class per image, of its score before softmax."""
        def score_of(images):
            return self.head(self.backbone(images)).float().gather(1, labels[:, None])[:, 0]

        if self.maps == 'saliency':
            return saliency(score_of, images)
        if self.maps == 'smooth_gradient':
            generator = torch.Generator(images.device).manual_seed(0)  # the same map of the same image
            return smooth_gradient(score_of, images, generator=generator).abs().amax(1)
        return self._grad_cam(images, labels)

    def _grad_cam(self, images, labels):
        """Grad-CAM (B, h, w) of ``layer``.

        Raises:
            ValueError: what the layer returns does not lie over the image, or nothing depends on it there; names the
                layers that it can be made of.
        """
        kept = self._maps_of_layers(images, labels, [self.layer])
        if self.layer in kept:
            return weighted_by_gradients(*kept[self.layer])
        every = self._maps_of_layers(images, labels, [name for name, _ in self.backbone.named_modules() if name])
        raise ValueError(
            f'there is no Grad-CAM of layer={self.layer!r} of {type(self.backbone).__name__}: what it returns is no '
            'map of the image (a vector, windows), or the scores do not depend on its patches (they read a class token '
            f'alone). The last layers that have one: layer={" or ".join(map(repr, list(every)[-6:]))}')

    def _maps_of_layers(self, images, labels, layers):
        """Maps and gradients, see :func:`maps_with_gradients`, of parts of the backbone; None is its last output."""
        outputs, hooks = {}, []
        for name in layers:
            if name is not None:
                hooks.append(self._part('layer', name).register_forward_hook(
                    lambda _, __, output, name=name: outputs.update({name: output})))
        try:
            with torch.enable_grad():
                images = images.detach().requires_grad_()  # also where the weights are frozen
                features = self.backbone(images)
                if None in layers:
                    outputs[None] = features[-1]
                scores = self.head(features).float().gather(1, labels[:, None])[:, 0]
                return maps_with_gradients(self.backbone, outputs, scores, images)
        finally:
            for hook in hooks:
                hook.remove()


def map_labels(scores, samples, topk):
    """Classes to map, (B, K): the ``topk`` best of ``scores`` (B, C) and, last, the true ones if all samples know them.

    Of images with several tags those with fewer than others are filled up with tags that :func:`add_maps` leaves out.

    Raises:
        ValueError: as many tags as an image has are not those of the scores.
    """
    best = scores.topk(min(topk, scores.shape[1])).indices
    if not all('gt_label' in sample for sample in samples):
        return best
    true = torch.stack([torch.as_tensor(sample.gt_label, device=scores.device) for sample in samples])
    if true.ndim == 1:
        return torch.cat([best, true[:, None]], dim=1)
    if true.shape != scores.shape:
        raise ValueError(f'the images have {true.shape[1]} tags each, the head {scores.shape[1]} classes; test the '
                         'data that it was made for')
    present = true > 0
    tags = (~present).to(torch.int8).sort(dim=1, stable=True).indices  # those that are present first, in class order
    return torch.cat([best, tags[:, :int(present.sum(1).max())]], dim=1)


def add_maps(samples, scores, labels, maps):
    """Add ``pred_scores``, ``pred_label``, ``pred_maps`` and ``pred_map_labels`` to ``samples``; returns them.

    Args:
        samples: B of them.
        scores: (B, C).
        labels: (B, K) of :func:`map_labels`.
        maps: (B, K, H, W), of these classes.
    """
    tags = [int((sample.gt_label > 0).sum()) if 'gt_label' in sample and torch.as_tensor(sample.gt_label).ndim else None
            for sample in samples]
    if None not in tags:
        kept = [labels.shape[1] - max(tags) + count for count in tags]
        labels = [each[:count] for each, count in zip(labels, kept, strict=True)]
        maps = [each[:count] for each, count in zip(maps, kept, strict=True)]
    return add_predictions(samples, pred_scores=scores, pred_label=scores.argmax(1), pred_map_labels=labels,
                           pred_maps=maps)
