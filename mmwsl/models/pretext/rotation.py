"""Rotation prediction, RotNet (Gidaris et al. 2018)."""

from mmwsl.augment import rotate_four
from mmwsl.models.base import Model
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std, keep_format
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class Rotation(Model):
    """Classify by which multiple of 90 degrees an image is rotated; all four rotations in every batch.

    The rotation is exact and comes after cropping to a square, so no border or resampling gives it away.

    Args:
        backbone: encoder.
        head: :class:`ClassificationHead` with 4 classes.
    """

    def __init__(self, backbone, head, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = self.make(head)

    def loss(self, views, data_samples=None):
        images, labels = rotate_four(views[0])  # (4B, 3, H, W), (4B,)
        feature = pool(self.backbone(keep_format(images, views[0])))
        return dict(self.head.loss(feature, labels), embedding_std=embedding_std(feature))
