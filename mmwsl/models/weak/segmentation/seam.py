"""SEAM (Wang et al. 2020, arXiv:2004.04581): class maps that follow the image, revised by similar pixels."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseModule

from mmwsl.models.base import single_view
from mmwsl.models.weak.segmentation.base import ClassMapModel, soft_margin_loss, tag_accuracy
from mmwsl.ops.tensors import normalize, upcast
from mmwsl.registry import MODELS, WEAK_HEADS


def resize(maps, size):
    """Maps (B, K, h, w) at another size, bilinear."""
    return F.interpolate(maps, size=tuple(size), mode='bilinear', align_corners=False)


def max_norm(maps, eps=1e-5):
    """Rectify maps (B, K, h, w) and scale each by its own range, ``ReLU(p - min - eps) / (max - min + eps)``."""
    maps = maps.relu()
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    return (maps - low - eps).relu() / (high - low + eps)


def with_background(maps):
    """Put the background, ``1 - max``, before the maps (B, C, h, w) of the classes: (B, 1 + C, h, w)."""
    return torch.cat([1 - maps.amax(1, keepdim=True), maps], dim=1)


def max_onehot(maps):
    """Keep at every pixel the strongest class alone, with its value; the background, row 0, stays as it is."""
    classes = maps[:, 1:]
    return torch.cat([maps[:, :1], classes * (classes == classes.amax(1, keepdim=True))], dim=1)


def pixel_correlation(maps, features, eps=1e-5):
    """PCM, equation 6: every pixel gets the mean of the maps, weighted by the rectified cosine of the features.

    Args:
        maps: (B, K, h, w).
        features: (B, D, h, w).

    Returns:
        (B, K, h, w).
    """
    features = normalize(features).flatten(2)
    with torch.autocast(features.device.type, enabled=False):  # maps are compared to within 1e-5
        affinity = (features.transpose(1, 2) @ features).relu()  # (B, h w, h w), symmetric
        affinity = affinity / (affinity.sum(1, keepdim=True) + eps)
        return (maps.flatten(2).to(affinity.dtype) @ affinity).view_as(maps)


def min_pooling_loss(maps, share=0.25):
    """Mean of the ``share`` of pixels where the largest of the maps (B, C, h, w) is smallest: a background there is."""
    largest = maps.amax(1).flatten(1)
    return largest.topk(max(int(largest.shape[1] * share), 1), largest=False).values.relu().mean()


def equivariant_regularization(cams, small_cams):
    """L_ER, equation 8: mean distance of the classes' maps (B, C, h, w) of the image, reduced, and of its copy."""
    return (cams - small_cams).abs().mean()


def equivariant_cross_regularization(cams, small_cams, revised, small_revised, share=0.2):
    """L_ECR, equation 9: the revised maps of one branch against the strongest class of the other's original ones.

    The mean of the ``share`` of positions of an image where they differ most, of both directions together.

    Args:
        cams, small_cams, revised, small_revised: (B, 1 + C, h, w) with the background as row 0, all of one size; the
            original ones are constants here.
    """
    total = 0
    for target, pred in ((small_cams, revised), (cams, small_revised)):
        difference = (max_onehot(target.detach()) - pred).abs().flatten(1)
        total = total + difference.topk(max(int(difference.shape[1] * share), 1)).values.mean()
    return total


@WEAK_HEADS.register_module()
class SEAMHead(BaseModule):
    """Class maps by a 1 x 1 convolution, and the pixel correlation module that revises them.

    Args:
        in_channels: of three feature maps or more: those that similarity is read from, and the last, of the classes.
        num_classes: C, without the background.
        shallow_channels: what each of the former is brought to.
        correlation_channels: D of the features that are compared.
        dropout: of whole channels before the class maps.
    """

    several_tags = True

    def __init__(self, in_channels, num_classes, shallow_channels=(64, 128), correlation_channels=192, dropout=0.5,
                 init_cfg=None):
        super().__init__(init_cfg)
        if isinstance(in_channels, int) or len(in_channels) != len(shallow_channels) + 1:
            raise ValueError(f'SEAMHead: in_channels={in_channels} must be {len(shallow_channels) + 1} numbers, one '
                             'for each of shallow_channels and one for the class maps; set out_indices of the backbone')
        self.num_classes = num_classes
        self.dropout = nn.Dropout2d(dropout)
        # of the shape that a classifier of pooled features has, so that a training can start from one
        self.classifier = nn.Linear(in_channels[-1], num_classes, bias=False)
        nn.init.xavier_uniform_(self.classifier.weight)
        self.shallow = nn.ModuleList(nn.Conv2d(inputs, outputs, 1, bias=False) for inputs, outputs in zip(
            in_channels[:-1], shallow_channels, strict=True))
        for layer in self.shallow:
            nn.init.kaiming_normal_(layer.weight)
        self.correlation = nn.Conv2d(3 + sum(shallow_channels), correlation_channels, 1, bias=False)
        nn.init.xavier_uniform_(self.correlation.weight, gain=4)

    def forward(self, features, images):
        """Class maps (B, C, h, w) before they are rectified, and the revised ones (B, 1 + C, h, w), with background.

        The gradient of the revised maps reaches the layers that similarity is read by, and nothing else.

        Args:
            features: tuple of feature maps.
            images: (B, 3, H, W) that they are of.
        """
        cams = upcast(F.conv2d(self.dropout(features[-1]), self.classifier.weight[..., None, None]))
        size = cams.shape[2:]
        seeds = max_onehot(with_background(max_norm(cams.detach())))
        shallow = [resize(layer(level.detach()).relu(), size) for layer, level in zip(
            self.shallow, features[:-1], strict=True)]
        compared = self.correlation(torch.cat([resize(images, size).to(cams.dtype), *shallow], dim=1))
        return cams, pixel_correlation(seeds, compared)


@MODELS.register_module()
class SEAM(ClassMapModel):
    """SEAM: one network on the image and on a reduced copy, whose class maps shall agree.

    Its ``class_maps`` are the revised ones (cam_rv).

    Args:
        backbone: returns the feature maps that :class:`SEAMHead` asks for, e.g. with three ``out_indices``.
        head: :class:`SEAMHead`; its ``in_channels`` may be left out.
        scale: of the reduced copy.
        kwargs: see :class:`ClassMapModel`.
    """

    def __init__(self, backbone, head, scale=0.3, **kwargs):
        super().__init__(backbone, head, **kwargs)
        if not 0 < scale < 1:
            raise ValueError(f'SEAM: scale={scale} of the reduced copy must be above 0 and below 1')
        self.scale = scale

    def loss(self, views, data_samples):
        """``loss_cls``, ``loss_er`` and ``loss_ecr``, of equal weight, means over images; and ``accuracy`` of tags.

        Maps are compared at the size of the reduced copy. The authors enlarge them to the image's size before they are
        normalized; here that is done at the network's own resolution, at a fraction of the cost.

        Args:
            views: images (B, 3, H, W), or a list of one such view.
            data_samples: with tags.
        """
        images = single_view(views)
        tags = self.tags(data_samples, images.device)
        present = (tags > 0).to(images.dtype)[:, :, None, None]
        small = resize(images, [max(1, round(side * self.scale)) for side in images.shape[2:]])
        classification, scores, original, revised = 0, [], [], []
        for batch in (images, small):
            cams, cams_rv = self.head(self.backbone(batch), batch)
            scores.append(cams.mean((2, 3)))
            classification = classification + soft_margin_loss(scores[-1], tags) / 2
            classification = classification + min_pooling_loss(cams_rv[:, 1:] * present) / 2
            original.append(resize(max_norm(cams) * present, small.shape[2:]))
            cams_rv = max_norm(cams_rv)
            revised.append(resize(torch.cat([cams_rv[:, :1], cams_rv[:, 1:] * present], dim=1), small.shape[2:]))
        return dict(
            loss_cls=classification,
            loss_er=equivariant_regularization(*original),
            loss_ecr=equivariant_cross_regularization(*map(with_background, original), *revised),
            accuracy=tag_accuracy(scores[0], tags))

    def scores_and_maps(self, images):
        cams, cams_rv = self.head(self.backbone(images), images)
        return cams.mean((2, 3)), cams_rv[:, 1:]
