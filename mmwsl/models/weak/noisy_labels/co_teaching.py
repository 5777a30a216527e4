"""Co-teaching (Han et al. 2018): of each batch two networks pick, for each other, what seems labelled rightly."""

import torch
import torch.nn.functional as F

from mmwsl.dist import all_gather, rank, world_size
from mmwsl.models.base import single_view
from mmwsl.models.layers.channels import with_channels
from mmwsl.models.supervised.image_classifier import ImageClassifier
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


def smallest(losses, share):
    """Bool (B,): the rows with the smallest losses, int(share N) of the N on all ranks, and at least one.

    Returns:
        tuple: the mask of this rank's rows, and the number on all ranks, an int.
    """
    everyone = all_gather(losses.detach())
    chosen, count = lowest(everyone, share)
    return chosen[rank() * len(losses):][:len(losses)], count


def lowest(values, share):
    """Bool (B,), where the int(share B) lowest of ``values`` (B,) are, at least one; and their number."""
    count = max(int(share * len(values)), 1)
    chosen = torch.zeros_like(values, dtype=torch.bool)
    chosen[values.argsort(stable=True)[:count]] = True
    return chosen, count


@MODELS.register_module()
class CoTeaching(ImageClassifier):
    """Two classifiers that learn at once, each from the images of which the other has the smallest losses.

    The share that is left out, tau(t) = ``forget_rate`` min(t / ``ramp``, 1), grows while networks have not yet learnt
    wrong labels by heart. The first network predicts. Where samples have ``gt_clean_label``, the log says which
    share of the picked labels is right (``selected_clean``) beside that of the batch (``batch_clean``); and predictions
    have ``pred_selected`` (2,) bool, whether each network would pick the sample from the batch that it came in, for
    :class:`SelectionMetric`.

    Args:
        backbone, head: configs of both networks, which start from different weights; see :class:`ImageClassifier`.
        forget_rate: the share of labels that are wrong, or an estimate of it.
        ramp: share of training until it is reached; the paper's 10 of 200 epochs.
        kwargs: see :class:`ImageClassifier`.

    Raises:
        ValueError: a share out of range, modules instead of configs, or a head of several tags.
    """

    def __init__(self, backbone, head, forget_rate=0.2, ramp=0.05, **kwargs):
        super().__init__(backbone, head, **kwargs)
        if not isinstance(backbone, dict) or not isinstance(head, dict):
            raise ValueError('CoTeaching makes two networks of one config; give backbone and head as configs, not as '
                             'modules')
        if self.head.several_tags:
            raise ValueError(f'CoTeaching picks images by the loss of their one class; {type(self.head).__name__} is '
                             'for several tags, give a ClassificationHead')
        if not 0 <= forget_rate < 1 or not 0 <= ramp <= 1:
            raise ValueError(f'CoTeaching: forget_rate={forget_rate} must be in [0, 1), and ramp={ramp} in [0, 1]')
        self.second_backbone = self.make(backbone)
        self.second_head = self.make(with_channels(head, self.second_backbone))
        self.forget_rate, self.ramp = forget_rate, ramp
        self.forgotten = 0.0 if ramp else forget_rate  # on the host: a step must not wait for the device
        self.register_buffer('forgotten_share', torch.tensor(self.forgotten, dtype=torch.float64))

    def _load_from_state_dict(self, *args, **kwargs):
        super()._load_from_state_dict(*args, **kwargs)
        self.forgotten = float(self.forgotten_share)

    def encoders(self):
        return [self.backbone, self.second_backbone]

    def loss(self, views, data_samples):
        """``loss_first`` and ``loss_second``, each of the other's selection, and ``accuracy`` of the first."""
        images = single_view(views)
        labels = self.labels(data_samples, images.device)
        first = upcast(self.head(self.backbone(images)))  # (B, C)
        second = upcast(self.second_head(self.second_backbone(images)))
        losses = [F.cross_entropy(scores, labels, reduction='none') for scores in (first, second)]
        (by_first, count), (by_second, _) = (smallest(each, 1 - self.forgotten) for each in losses)
        scale = world_size() / count
        result = dict(loss_first=(losses[0] * by_second).sum() * scale,
                      loss_second=(losses[1] * by_first).sum() * scale, accuracy=accuracy(first, labels))
        if 'gt_clean_label' in data_samples:
            right = torch.as_tensor(data_samples.gt_clean_label, device=labels.device) == labels
            picked = by_first.sum().clamp(min=1)
            result.update(selected_clean=100 * (right & by_first).sum() / picked,
                          batch_clean=100 * right.float().mean())
        return result

    def predict(self, images, samples):
        """Add what :meth:`ImageClassifier.predict` does, of the first network, and perhaps ``pred_selected``."""
        super().predict(images, samples)
        if not samples or 'gt_clean_label' not in samples[0]:
            return samples
        labels = torch.stack([torch.as_tensor(sample.gt_label) for sample in samples]).to(images.device)
        networks = (self.backbone, self.head), (self.second_backbone, self.second_head)
        losses = [F.cross_entropy(upcast(head(backbone(images))), labels, reduction='none')
                  for backbone, head in networks]
        picked = [lowest(each, 1 - self.forgotten)[0] for each in losses]
        return add_predictions(samples, pred_selected=torch.stack(picked, dim=1))

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Leave out more, as ``progress`` in [0, 1] of training says."""
        self.forgotten = self.forget_rate * (min(progress / self.ramp, 1) if self.ramp else 1)
        self.forgotten_share.fill_(self.forgotten)
