"""What a weak detector must be better than: boxes that need no network."""

import torch

from mmwsl.models.base import Model
from mmwsl.registry import MODELS

KINDS = ('whole_image', 'best_objectness', 'random_proposal')


@MODELS.register_module()
class BoxBaseline(Model):
    """The same box for every class, whatever the image shows; there is nothing to train.

    Args:
        num_classes: C.
        kind: ``'whole_image'``; ``'best_objectness'``, the proposal of the highest score; or ``'random_proposal'``,
            drawn by torch's generator.

    Raises:
        ValueError: an unknown kind; in ``predict``, samples without proposals or without their scores.
    """

    def __init__(self, num_classes, kind='whole_image', **kwargs):
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f'BoxBaseline: kind={kind!r} is unknown; choose one of {", ".join(KINDS)}')
        self.num_classes, self.kind = num_classes, kind

    def predict(self, images, samples):
        """Add ``pred_top_boxes`` and, as detections of equal score, ``pred_boxes``, ``pred_box_scores`` and
        ``pred_box_labels`` of all classes, in pixels of the original file."""
        for image, sample in zip(images, samples, strict=True):
            height, width = sample.get('img_shape') or image.shape[1:]
            across, down = sample.get('scale_factor') or (1.0, 1.0)
            box = self._box(sample, height, width) / torch.tensor([across, down, across, down], device=images.device)
            sample.pred_top_boxes = sample.pred_boxes = box.expand(self.num_classes, 4)
            sample.pred_box_scores = images.new_ones(self.num_classes)
            sample.pred_box_labels = torch.arange(self.num_classes, device=images.device)
        return samples

    def _box(self, sample, height, width):
        if self.kind == 'whole_image':
            return torch.tensor([0.0, 0.0, width, height])
        needed = 'proposal_scores' if self.kind == 'best_objectness' else 'proposals'
        if needed not in sample or not len(sample.proposals):
            raise ValueError(f'BoxBaseline: {self.kind} needs {needed}, and {sample.get("path") or "an image"} has '
                             'none; put the data set into WithProposals or WithWindows')
        number = (sample.proposal_scores.argmax() if self.kind == 'best_objectness'
                  else torch.randint(len(sample.proposals), ()))
        return sample.proposals[number].float()
