"""Fully convolutional network (Long et al. 2015) on a dilated backbone, as its successors train it."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import Model
from mmwsl.models.heads.classes import OF_PIXELS, check_classes
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.layers.norm import build_norm
from mmwsl.ops.tensors import refuse_nan
from mmwsl.refine.dense_crf import PRESETS, dense_crf
from mmwsl.registry import HEADS, MODELS


@HEADS.register_module()
class FCNHead(BaseModule):
    """FCN head: convolutions and class scores for every position of a feature map.

    Args:
        in_channels: of the feature map, or of all of a backbone, of which ``index`` says the one.
        channels: of the convolutions.
        num_classes: C, with the background.
        num_convs: 3 x 3 convolutions, each with norm and ReLU.
        concat: one more convolution that sees the feature map and what the others made of it.
        dropout: before the scores.
        index: which of the backbone's feature maps.
        norm_cfg: of the convolutions.
    """

    def __init__(self, in_channels, channels, num_classes, num_convs=2, concat=True, dropout=0.1, index=-1,
                 norm_cfg=dict(type='SyncBN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        check_classes(self, num_classes, OF_PIXELS)
        in_channels = in_channels if isinstance(in_channels, int) else in_channels[index]

        def convolution(inputs):
            conv = nn.Conv2d(inputs, channels, 3, padding=1, bias=False)
            nn.init.kaiming_normal_(conv.weight, mode='fan_out', nonlinearity='relu')
            return nn.Sequential(conv, build_norm(norm_cfg, channels), nn.ReLU(inplace=True))

        self.convs = nn.Sequential(*(convolution(channels if number else in_channels) for number in range(num_convs)))
        self.joined = convolution(in_channels + channels) if concat else None
        self.dropout, self.index, self.num_classes = nn.Dropout2d(dropout), index, num_classes
        self.scores = nn.Conv2d(channels, num_classes, 1)
        nn.init.normal_(self.scores.weight, std=0.01)
        nn.init.zeros_(self.scores.bias)

    def forward(self, features):
        """Logits (B, C, h, w), fp32, of a tuple of feature maps."""
        x = features[self.index]
        y = self.convs(x)
        if self.joined is not None:
            y = self.joined(torch.cat([x, y], dim=1))
        return self.scores(self.dropout(y)).float()


@MODELS.register_module()
class FCN(Model):
    """Semantic segmentation by a fully convolutional head, with an auxiliary one in training.

    Args:
        backbone: e.g. a ResNet with ``strides=(1, 2, 1, 1)``, ``dilations=(1, 1, 2, 4)``, ``out_indices=(3, 4)``.
        head: :class:`FCNHead`; its ``in_channels`` may be left out.
        auxiliary_head: another on an earlier map, or None; for training only.
        auxiliary_weight: of its loss.
        count_void: divide the loss by all pixels, void ones among them, as mmsegmentation does; else by the others.
        scales: predictions are the mean of class probabilities of the image at these scales ...
        flip: ... and of its mirror image at each.
        true_tags: predict no class but the background and those that the image's own labels name: its tags
            (``gt_label``), or else the classes of its ``gt_mask``, as the network is given it. It tells how good
            masks are whose tags are known; a figure with it is not one without.
        crf: refine class probabilities by :func:`dense_crf` on the image as the network is given it, in pixels of the
            file: the name of a preset (``'seam'``, ``'toco'``, ...) or a dict of settings.

    Raises:
        ValueError: scales that are not positive, or a preset that is not known.
    """

    def __init__(self, backbone, head, auxiliary_head=None, auxiliary_weight=0.4, count_void=True, scales=(1.0,),
                 flip=False, true_tags=False, crf=None, **kwargs):
        super().__init__(backbone, **kwargs)
        if not scales or min(scales) <= 0:
            raise ValueError(f'FCN: scales={scales} must be positive numbers, at least one')
        if isinstance(crf, str) and crf not in PRESETS:
            raise ValueError(f'FCN: crf={crf!r} is unknown; there are {", ".join(PRESETS)}, or a dict of settings')
        self.scales, self.flip, self.true_tags = tuple(scales), flip, true_tags
        self.crf = PRESETS[crf] if isinstance(crf, str) else crf
        self.head = self.make(with_channels(head, self.backbone))
        self.auxiliary_head = self.make(with_channels(auxiliary_head, self.backbone)) if auxiliary_head else None
        self.auxiliary_weight, self.count_void = auxiliary_weight, count_void

    def tensor(self, images, data_samples=None):
        """Logits (B, C, h, w)."""
        return self.head(self.backbone(images))

    def loss(self, images, data_samples):
        """Pixel cross-entropy of both heads; what the images were padded with is void.

        Args:
            images: (B, 3, H, W), padded.
            data_samples: list of samples with ``gt_mask``.
        """
        features, size = self.backbone(images), images.shape[2:]
        target = torch.full((len(data_samples), *size), 255, dtype=torch.long, device=features[-1].device)
        for mask, sample in zip(target, data_samples, strict=True):
            if 'gt_mask' not in sample:
                raise ValueError("FCN needs class maps: set supervision='full' on training data that has them")
            height, width = sample.gt_mask.shape
            mask[:height, :width] = sample.gt_mask
        losses = dict(loss_seg=self._cross_entropy(self.head(features), target))
        if self.auxiliary_head is not None:
            losses['loss_aux'] = self.auxiliary_weight * self._cross_entropy(self.auxiliary_head(features), target)
        return losses

    def _cross_entropy(self, logits, target):
        logits = F.interpolate(logits, size=target.shape[1:], mode='bilinear', align_corners=False)
        total = F.cross_entropy(logits, target, ignore_index=255, reduction='sum')
        return total / (target.numel() if self.count_void else (target != 255).sum().clamp(min=1))

    @property
    def given(self):
        """What predictions are given beyond one look at the photo: names for metrics."""
        given = dict(tags=self.true_tags, ms=self.scales != (1.0,), flip=self.flip, crf=self.crf is not None)
        return tuple(name for name, there in given.items() if there)

    @property
    def inference(self):
        """The settings of predictions, for records."""
        return dict(scales=list(self.scales), flip=self.flip, true_tags=self.true_tags, crf=self.crf)

    def predict(self, images, samples):
        """Add ``pred_mask``, in pixels of the original files, to ``samples``, and :attr:`given` as meta information.

        Raises:
            ValueError: NaN among the class scores, ``true_tags`` where a sample has no labels, or ``crf`` where the
                preprocessor does not say by which mean and standard deviation the image was normalized.
        """
        found = self.probabilities(images, samples)
        for image, sample, probabilities in zip(images, samples, found, strict=True):
            allowed = None
            if self.true_tags:
                allowed = true_classes(sample, len(probabilities)).to(probabilities.device)
                probabilities[~allowed] = 0
            if self.crf is not None:
                probabilities = dense_crf(self.photo(image, sample), probabilities, **self.crf)
                if allowed is not None:  # it takes none as impossible
                    probabilities[~allowed] = 0
            sample.pred_mask = probabilities.argmax(0)
            sample.set_metainfo(dict(given=self.given))
        return samples

    def photo(self, image, sample):
        """The photo (3, H, W) in 0..255, in pixels of its file, as far as the network's input (3, h, w) shows it.

        Raises:
            ValueError: the preprocessor has no mean and standard deviation.
        """
        mean, std = (getattr(self.data_preprocessor, name, None) for name in ('mean', 'std'))
        if mean is None or std is None:
            raise ValueError('crf needs the colors of the photo, and the data_preprocessor has no mean and std to '
                             'undo; give the model a DetectionPreprocessor, or crf=None')
        height, width = sample.img_shape
        colors = (image[:, :height, :width].float() * std.view(-1, 1, 1) + mean.view(-1, 1, 1)).clamp(0, 255)
        return F.interpolate(colors[None], mode='bilinear', align_corners=False,
                             size=tuple(sample.metainfo.get('ori_shape', sample.img_shape)))[0]

    def probabilities(self, images, samples, scales=None, flip=None):
        """Class probabilities (C, H, W) of each image, in pixels of its file: the mean over scales and mirror images.

        Args:
            images, samples: a preprocessed batch.
            scales, flip: in the place of the model's own.

        Raises:
            ValueError: NaN among the class scores.
        """
        flips = (False, True) if (self.flip if flip is None else flip) else (False,)
        totals, views = [0] * len(samples), [(scale, mirrored) for scale in scales or self.scales for mirrored in flips]
        for scale, mirrored in views:
            view = images.flip(3) if mirrored else images
            if scale != 1:
                size = [max(round(side * scale), 1) for side in images.shape[2:]]
                view = F.interpolate(view, size=size, mode='bilinear', align_corners=False)
            logits = refuse_nan(self.tensor(view), 'class scores of pixels')
            logits = F.interpolate(logits, size=images.shape[2:], mode='bilinear', align_corners=False)
            logits = logits.flip(3) if mirrored else logits
            for number, (each, sample) in enumerate(zip(logits, samples, strict=True)):
                height, width = sample.img_shape
                each = F.interpolate(each[None, :, :height, :width], mode='bilinear', align_corners=False,
                                     size=tuple(sample.metainfo.get('ori_shape', sample.img_shape)))[0]
                totals[number] = totals[number] + each.softmax(0)
        return [total / len(views) for total in totals]


def true_classes(sample, num_classes):
    """Which classes of a map (num_classes,) an image's own labels name, bool; the background is always one.

    Args:
        sample: with ``gt_label`` (num_classes - 1,), tags of the foreground, 1 where there, or else with ``gt_mask``.

    Raises:
        ValueError: it has neither, or tags of another number of classes.
    """
    allowed = torch.zeros(num_classes, dtype=torch.bool)
    allowed[0] = True
    if 'gt_label' in sample and sample.gt_label.ndim == 1:
        if len(sample.gt_label) != num_classes - 1:
            raise ValueError(f'{sample.get("path", "an image")} has tags of {len(sample.gt_label)} classes, its '
                             f'predicted map {num_classes - 1} and the background')
        allowed[1:] = sample.gt_label.cpu() > 0
    elif 'gt_mask' in sample:
        values = sample.gt_mask.unique().cpu().long()
        allowed[values[values < num_classes]] = True
    else:
        raise ValueError(f'true_tags=True needs the labels of {sample.get("path", "an image")}, and it has neither '
                         "tags nor a class map: set supervision='full' on the data to predict, or true_tags=False")
    return allowed
