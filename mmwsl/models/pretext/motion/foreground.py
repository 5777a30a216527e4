"""Learning features by watching objects move (Pathak et al. 2017)."""

import torch
import torch.nn.functional as F

from mmwsl.dist import all_mean
from mmwsl.models.base import Model
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.necks.mlp import pool
from mmwsl.models.pretext.motion.targets import target
from mmwsl.ops.tensors import embedding_std, upcast
from mmwsl.registry import PRETEXTS
from mmwsl.structures import add_predictions

VOID = 255


@PRETEXTS.register_module()
class MovingForeground(Model):
    """Segment in a still frame what moved in its clip; pseudo-masks say it (:func:`mmwsl.flow.consensus`).

    Logistic loss of every pixel that the masks decide.

    Args:
        backbone: encoder.
        head: to one map, :class:`FlatMapHead` or :class:`DenseHead`; ``in_channels`` may be left out.
        threshold: of a prediction's probability.

    Raises:
        ValueError: a head with several outputs.
    """

    def __init__(self, backbone, head, threshold=0.5, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = self.make(with_channels(head, self.backbone))
        if self.head.out_channels != 1:
            raise ValueError(f'head.out_channels={self.head.out_channels} must be 1: it says what moves')
        self.threshold = threshold

    def logits(self, features, size):
        """(B, H, W) at the image's ``size``."""
        logits = upcast(self.head(features))
        return F.interpolate(logits, size=size, mode='bilinear', align_corners=False)[:, 0]

    def loss(self, views, data_samples=None):
        images = views[0]
        moving = target(data_samples, 'moving', images, None)  # (B, H, W)
        features = self.backbone(images)
        logits = self.logits(features, images.shape[2:])
        decided, wanted = moving != VOID, moving == 1
        each = F.binary_cross_entropy_with_logits(logits, wanted.to(logits), reduction='none')
        # the share is that of all ranks, so that the mean of the ranks' losses is the global mean
        share = all_mean(decided.to(logits).mean()).clamp(min=1e-12)
        loss = (each * decided).mean() / share
        with torch.no_grad():
            found = (logits > 0) & decided
            iou = (found & wanted).sum() / ((found | wanted).sum().clamp(min=1))
            return dict(loss=loss, iou=100 * iou.float(), embedding_std=embedding_std(pool(features)))

    def predict(self, images, samples):
        """Add ``pred_maps`` (1, H, W) in [0, 1], ``pred_mask`` (H, W) uint8, and what every model predicts."""
        chance = self.logits(self.backbone(images), images.shape[2:]).sigmoid()
        return add_predictions(super().predict(images, samples), pred_maps=chance[:, None],
                               pred_mask=(chance > self.threshold).to(torch.uint8))
