"""Hide-and-Seek in time (Singh and Lee 2017): temporal action localization from video labels."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.base import Model
from mmwsl.models.heads.classes import check_classes
from mmwsl.ops.tensors import accuracy, upcast
from mmwsl.registry import MODELS
from mmwsl.structures import add_predictions


def hide_segments(features, lengths, fill, segments=20, hide_prob=0.5, generator=None):
    """Hide random equal segments of every sequence behind ``fill``, each with probability ``hide_prob``.

    Args:
        features: (B, T, D), padded.
        lengths: (B,), steps that are there.
        fill: (D,), the mean feature of the training set, which keeps the expected response of a filter.
        segments: how many; of a shorter sequence every step is one.
        hide_prob: probability of each.

    Returns:
        (B, T, D).
    """
    steps = torch.arange(features.shape[1], device=features.device)
    segment = (steps[None] * segments // lengths[:, None].clamp(min=1)).clamp(max=segments - 1)  # (B, T)
    hidden = torch.rand(len(features), segments, device=features.device, generator=generator) < hide_prob
    return torch.where(hidden.gather(1, segment)[..., None], fill.to(features.dtype), features)


@MODELS.register_module()
class TemporalLocalizer(Model):
    """Two 1 x 1 temporal convolutions, the maximum over time and a linear layer, on features of any video network.

    Args:
        in_channels: D.
        num_classes: number of actions.
        channels: of the convolutions.
        segments, hide_prob: of :func:`hide_segments`; 0 segments: nothing is hidden (the paper's "Video-full").
        fill: the mean feature of the training set, D numbers; default 0.
    """

    def __init__(self, in_channels, num_classes, channels=500, segments=20, hide_prob=0.5, fill=None,
                 data_preprocessor=None, init_cfg=None):
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        check_classes(self, num_classes)
        fill = torch.zeros(in_channels) if fill is None else torch.as_tensor(fill, dtype=torch.float32)
        if fill.shape != (in_channels,):
            raise ValueError(f'TemporalLocalizer: fill has shape {tuple(fill.shape)}, the features {in_channels} '
                             'channels')
        if segments < 0 or not 0 <= hide_prob <= 1:
            raise ValueError(f'TemporalLocalizer: segments={segments} must be 0 or more, hide_prob={hide_prob} from 0 '
                             'to 1')
        self.register_buffer('fill', fill)
        self.num_classes, self.segments, self.hide_prob = num_classes, segments, hide_prob
        self.layers = nn.Sequential(nn.Linear(in_channels, channels), nn.ReLU(inplace=True),  # 1 x 1 over time
                                    nn.Linear(channels, channels), nn.ReLU(inplace=True))
        self.classifier = nn.Linear(channels, num_classes)

    def embed(self, inputs, lengths):
        """(B, T, D) -> (B, T, K) and their maximum over the steps that are there (B, K)."""
        x = self.layers(inputs)
        there = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        return x, x.masked_fill(~there[..., None], -torch.inf).amax(1)

    def encoders(self):
        """None: features go in, no images."""
        return []

    def loss(self, inputs, data_samples):
        """Cross-entropy; ``inputs`` (B, T, D), padded; ``data_samples`` with ``lengths`` (B,) and ``gt_label`` (B,)."""
        lengths = data_samples.lengths
        if self.segments:
            inputs = hide_segments(inputs, lengths, self.fill, self.segments, self.hide_prob)
        scores = upcast(self.classifier(self.embed(inputs, lengths)[1]))
        labels = data_samples.gt_label.to(scores.device)
        return dict(loss=F.cross_entropy(scores, labels), accuracy=accuracy(scores, labels))

    def tensor(self, inputs, data_samples=None):
        """Scores (B, C)."""
        lengths = torch.full((len(inputs),), inputs.shape[1], device=inputs.device)
        return self.classifier(self.embed(inputs, lengths if data_samples is None else data_samples.lengths)[1])

    def predict(self, inputs, samples):
        """``samples`` with ``pred_scores`` (C,), ``pred_label``, and ``pred_maps`` (C, T), the temporal class
        activation maps of all classes as they are, over the steps that are there."""
        lengths = torch.stack([sample.lengths for sample in samples])
        x, pooled = self.embed(inputs, lengths)
        scores = self.classifier(pooled).float().softmax(1)
        cams = torch.einsum('btk,ck->bct', x.float(), self.classifier.weight.float())
        classes = torch.arange(self.num_classes, device=inputs.device)
        there = [values[:, :length] for values, length in zip(cams, lengths.tolist(), strict=True)]
        return add_predictions(samples, pred_scores=scores, pred_label=scores.argmax(1),
                               pred_map_labels=[classes] * len(samples), pred_maps=there)
