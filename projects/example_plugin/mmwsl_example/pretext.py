import torch

from mmwsl.models.base import Model
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class UpsideDown(Model):
    """Half of the images are turned upside down, and the network says which."""

    def __init__(self, backbone, head, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = self.make(head)

    def loss(self, views, data_samples=None):
        images = views[0]  # (B, 3, H, W)
        labels = torch.arange(len(images), device=images.device) % 2
        images = torch.where(labels.bool()[:, None, None, None], images.flip(2), images)
        return self.head.loss(self.backbone(images), labels)
