"""A classifier of whole images on a backbone: linear probes that see new crops in every epoch, and fine-tuning."""

import torch
from mmengine.model import BaseModel

from mmwsl.models.pretext.base import PretextModel
from mmwsl.models.utils.channels import with_channels
from mmwsl.registry import MODELS


@MODELS.register_module()
class ImageClassifier(BaseModel):
    """Cross-entropy of the images' classes from one head, or from several at once.

    Args:
        backbone: encoder.
        head: :class:`ClassificationHead`, or :class:`MultiLayerHead` on several maps; ``in_channels`` may be left out.
        frozen: the backbone learns nothing: no gradients, and batch norm by its running statistics.
    """

    make = staticmethod(PretextModel.make)

    def __init__(self, backbone, head, frozen=False, data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor, init_cfg)
        self.backbone, self.frozen = self.make(backbone), frozen
        self.head = self.make(with_channels(head, self.backbone))
        if frozen:
            self.backbone.requires_grad_(False)

    @property
    def num_classes(self):
        """How many classes the data must have."""
        return self.head.num_classes

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def forward(self, inputs, data_samples=None, mode='tensor'):
        """``inputs`` (B, 3, H, W), or a list of one such view. ``loss``: dict; ``predict``: the batch with
        ``pred_scores``, a dict of (B, C) with one entry a head; ``tensor``: what the backbone returns."""
        images = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps = self.backbone(images)
        if mode == 'tensor':
            return maps
        if mode == 'predict':
            scores = self.head(maps)
            data_samples.pred_scores = scores if isinstance(scores, dict) else {'': scores}
            return [data_samples]
        if mode != 'loss':
            raise ValueError(f"mode={mode!r} is unknown; choose 'loss', 'predict' or 'tensor'")
        return self.head.loss(maps, self.labels(data_samples, images.device))

    def labels(self, data_samples, device):
        """The class numbers (B,) of a batch."""
        if data_samples is None or 'gt_label' not in data_samples:
            raise ValueError(f"{type(self).__name__} needs labels: set supervision='image' on the training data set")
        labels = torch.as_tensor(data_samples.gt_label, device=device)
        if labels.ndim != 1:
            raise ValueError(f'{type(self).__name__} needs one class an image; these have several tags each, which the '
                             'svm protocol takes')
        return labels

    def encoders(self):
        """The modules through which images go; see :class:`PixelCountHook`."""
        return [self.backbone]
