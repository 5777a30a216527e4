"""1-Stage (Araslanov and Roth 2020, arXiv:2005.08104): masks that are classified, and refined teach themselves."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import single_view
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.supervised.deeplab import ASPP
from mmwsl.models.weak.segmentation.base import soft_margin_loss, tag_accuracy
from mmwsl.models.weak.segmentation.one_stage.base import WarmupModel
from mmwsl.models.weak.segmentation.one_stage.cosa_terms import VOID
from mmwsl.models.weak.segmentation.one_stage.single_stage import resize
from mmwsl.ops.tensors import upcast
from mmwsl.refine import pamr
from mmwsl.registry import MODELS, WEAK_HEADS

ABSENT = -1e4  # logit of a class that is not there


def weighted_pooling(logits, masks):
    """nGWP, equation 3: score of each class, sum_i m_i y_i / (1 + sum_i m_i) of its mask m and its logits y.

    Args:
        logits, masks: (B, K, h, w).

    Returns:
        (B, K).
    """
    return (masks * logits).sum((2, 3)) / (1 + masks.sum((2, 3)))


def focal_mask_penalty(masks, power=3, floor=0.01):
    """Equation 4: (1 - m)^power log(floor + m) of the mean m of each mask (B, K, h, w): below 0 where it is small."""
    size = masks.mean((2, 3))
    return (1 - size)**power * (floor + size).log()


def confident_labels(masks, share=0.6, background_share=0.7, least=0.2):
    """Labels (B, H, W) of the pixels that exactly one mask claims, 255 elsewhere.

    A mask (B, 1 + C, H, W), background first, claims what is above a share of its own largest value, and above
    ``least``.
    """
    limits = masks.amax((2, 3), keepdim=True)
    limits = torch.cat([limits[:, :1] * background_share, limits[:, 1:] * share], dim=1).clamp(min=least)
    claims = masks > limits
    return torch.where(claims.sum(1) == 1, claims.to(torch.uint8).argmax(1), VOID)


def class_balanced_loss(logits, labels, tags):
    """Cross-entropy in which rare classes of an image count more, of images whose labels show every tag.

    A pixel of class c weighs (M - M_c) / (1 + M), M the labeled pixels of its image and M_c those of c; the mean is
    over all pixels of the image, then over images. Images that lack the label of a tag, or of the background, give 0.

    Args:
        logits: (B, 1 + C, H, W).
        labels: (B, H, W) int64; 255 = left out.
        tags: (B, C), 1 where the image shows the class.
    """
    known = labels != VOID
    classes = torch.arange(logits.shape[1], device=labels.device)[:, None, None]
    counts = (labels[:, None] == classes).sum((2, 3)).to(logits.dtype)  # (B, 1 + C)
    total = counts.sum(1, keepdim=True)
    weights = ((total - counts) / (1 + total)).gather(1, torch.where(known, labels, 0).flatten(1)).view_as(labels)
    complete = (counts > 0).sum(1) == 1 + (tags > 0).sum(1)
    each = F.cross_entropy(upcast(logits), labels, ignore_index=VOID, reduction='none')  # 0 where left out
    return ((each * weights).mean((1, 2)) * complete).mean()


def stochastic_gate(deep, shallow, rate, training):
    """Equation 6: each value is the shallow one with probability ``rate``, else what makes the deep one the mean.

    Outside training (1 - rate) deep + rate shallow, as the public code has it.

    Args:
        deep, shallow: (B, C, h, w).
        rate: in [0, 1).
    """
    if not training:
        return (1 - rate) * deep + rate * shallow
    chosen = torch.rand(deep.shape, device=deep.device) < rate
    return torch.where(chosen, shallow, (deep - rate * shallow) / (1 - rate))


def _convolution(inputs, outputs, kernel, norm_cfg, relu=True):
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight)
    return nn.Sequential(conv, build_norm(norm_cfg, outputs), *[nn.ReLU(inplace=True)] * relu)


class GlobalCues(nn.Module):
    """GCI, section 4.2: shallow features, normalized, with a scale and a shift that the deep ones ask for.

    Args:
        inputs: channels of the shallow features.
        channels: of the deep ones, and of the result.
    """

    def __init__(self, inputs, channels, norm_cfg):
        super().__init__()
        self.cues = _convolution(channels, 2 * channels, 1, norm_cfg)
        self.shallow = _convolution(inputs, channels, 1, dict(norm_cfg, affine=False), relu=False)
        self.joined = _convolution(channels, channels, 1, norm_cfg)

    def forward(self, shallow, deep):
        scale, shift = self.cues(deep).amax((2, 3), keepdim=True).chunk(2, dim=1)
        return self.joined((self.shallow(shallow) * (1 + scale) + shift).relu())


@WEAK_HEADS.register_module()
class OneStageHead(BaseModule):
    """Masks of deep and shallow features: ASPP, a skip connection, global cues, the stochastic gate, and convolutions.

    Args:
        in_channels: of all feature maps of a backbone: the first is the shallow one, the last the deep one.
        num_classes: C, without the background.
        channels: of ASPP and of the decoder.
        low_channels: to which the skip connection reduces the shallow map.
        dilations: of ASPP.
        gate_rate: share of shallow values that the gate lets through.
        dropout: after the first convolution of the decoder; a fifth of it after the second.
        norm_cfg: of the convolutions.

    Raises:
        ValueError: the backbone has one map alone, or a rate out of range.
    """

    several_tags = True

    def __init__(self, in_channels, num_classes, channels=256, low_channels=48, dilations=(12, 24, 36), gate_rate=0.3,
                 dropout=0.5, norm_cfg=dict(type='SyncBN'), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        if isinstance(in_channels, int) or len(in_channels) < 2:
            raise ValueError(f'OneStageHead: in_channels={in_channels} must be of a shallow and a deep feature map; '
                             'set out_indices of the backbone to two of its stages')
        if not 0 <= gate_rate < 1:
            raise ValueError(f'OneStageHead: gate_rate={gate_rate} is the share of shallow values and must lie in '
                             '[0, 1)')
        self.num_classes, self.gate_rate = num_classes, gate_rate
        self.aspp = ASPP(in_channels[-1], channels, dilations, norm_cfg)
        self.skip = _convolution(in_channels[0], low_channels, 1, norm_cfg)
        self.joined = _convolution(channels + low_channels, channels, 3, norm_cfg)
        self.cues = GlobalCues(in_channels[0], channels, norm_cfg)
        self.decoder = nn.Sequential(
            _convolution(channels, channels, 3, norm_cfg), nn.Dropout(dropout),
            _convolution(channels, channels, 3, norm_cfg), nn.Dropout(dropout / 5), nn.Conv2d(channels, num_classes, 1))

    def forward(self, features):
        """Logits (B, 1 + C, h, w) of the shallow map's size; that of the background, the first, is 1 everywhere."""
        shallow, deep = features[0], resize(self.aspp(features[-1]), features[0].shape[2:])
        deep = self.joined(torch.cat([deep, self.skip(shallow)], dim=1))
        gated = stochastic_gate(deep, self.cues(shallow, deep), self.gate_rate, self.training)
        logits = upcast(self.decoder(gated))
        return torch.cat([torch.ones_like(logits[:, :1]), logits], dim=1)


@MODELS.register_module()
class OneStage(WarmupModel):
    """1-Stage: image scores are read from the masks themselves, and the masks, refined by PAMR, are their own labels.

    Args:
        backbone: returns a shallow and a deep feature map.
        head: :class:`OneStageHead`; its ``in_channels`` may be left out.
        segmentation_weight: of the loss against the refined masks, from the end of the ``warmup`` on.
        penalty_power, penalty_floor: of :func:`focal_mask_penalty`.
        share, background_share, least: of :func:`confident_labels`.
        refiner: settings of :func:`pamr`; None: masks are not refined.
        tag_threshold: predicted masks leave out classes whose score, after the sigmoid, is below it; 0 keeps all.
        background_power: predicted masks have the background's probability to this power; 3 in the public code.
        kwargs: see :class:`WarmupModel`.
    """

    def __init__(self, backbone, head, segmentation_weight=1.0, penalty_power=3, penalty_floor=0.01, share=0.6,
                 background_share=0.7, least=0.2, refiner=dict(), tag_threshold=0.1, background_power=1.0,  # noqa: B006
                 warmup=0.25, **kwargs):
        super().__init__(backbone, head, warmup=warmup, **kwargs)
        self.segmentation_weight, self.penalty = segmentation_weight, dict(power=penalty_power, floor=penalty_floor)
        self.confidence = dict(share=share, background_share=background_share, least=least)
        self.refiner, self.tag_threshold, self.background_power = refiner, tag_threshold, background_power

    def network(self, images):
        """Logits (B, 1 + C, h, w) of images (B, 3, H, W)."""
        return self.head(self.backbone(images))

    def image_scores(self, logits):
        """Scores (B, C) of the classes, before the sigmoid, of logits (B, 1 + C, h, w)."""
        masks = logits.softmax(1)
        return (weighted_pooling(logits, masks) + focal_mask_penalty(masks, **self.penalty))[:, 1:]

    def loss(self, views, data_samples):
        """``loss_cls`` of the tags; after the warm-up ``loss_seg`` against the network's own refined masks.

        Args:
            views: images (B, 3, H, W), or a list of one such view.
            data_samples: with tags.
        """
        images = single_view(views)
        tags = self.tags(data_samples, images.device)
        logits = self.network(images)
        scores = self.image_scores(logits)
        losses = dict(loss_cls=soft_margin_loss(scores, tags), accuracy=tag_accuracy(scores, tags))
        if self.warming_up:
            return losses
        labels = self.pseudo_labels(images, logits, tags)
        losses['loss_seg'] = self.segmentation_weight * class_balanced_loss(
            resize(logits, images.shape[2:]), labels, tags)
        return losses

    @torch.no_grad()
    def pseudo_labels(self, images, logits, tags):
        """Labels (B, H, W) of images (B, 3, H, W): of tags (B, C), where one refined mask is confident."""
        masks = logits.softmax(1)
        if self.refiner is not None:
            masks = pamr(resize(images, masks.shape[2:]), masks, **self.refiner)
        masks = resize(masks, images.shape[2:])
        present = torch.cat([torch.ones_like(tags[:, :1]), (tags > 0).to(tags.dtype)], dim=1)
        return confident_labels(masks * present[:, :, None, None], **self.confidence)

    def tensor(self, images, data_samples=None):
        """Logits (B, 1 + C, h, w) of the predicted masks, without classes that the image seems to lack."""
        logits = self.network(images)
        absent = self.image_scores(logits).sigmoid() < self.tag_threshold
        logits = logits.log_softmax(1)
        return torch.cat([self.background_power * logits[:, :1],
                          logits[:, 1:].masked_fill(absent[:, :, None, None], ABSENT)], dim=1)

    def scores_and_maps(self, images):
        logits = self.network(images)
        return self.image_scores(logits), logits.softmax(1)[:, 1:]
