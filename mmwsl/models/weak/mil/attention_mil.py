"""Attention-based deep multiple-instance learning (Ilse et al. 2018, arXiv:1802.04712)."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor, BaseModule

from mmwsl.models.base import Model
from mmwsl.ops.tensors import upcast
from mmwsl.registry import BACKBONES, MODELS, WEAK_HEADS
from mmwsl.structures import add_predictions


@BACKBONES.register_module()
class BagEncoder(BaseModule):
    """The paper's network for 28 x 28 digits: two 5 x 5 convolutions with pooling and a linear layer.

    Args:
        in_channels: of the instances.
        out_channels: of the embedding.

    ``forward`` takes (M, in_channels, 28, 28) and gives a tuple of one (M, out_channels).
    """

    def __init__(self, in_channels=1, out_channels=500, init_cfg=None):
        super().__init__(init_cfg)
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, 20, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Conv2d(20, 50, 5), nn.ReLU(inplace=True), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(50 * 4 * 4, out_channels), nn.ReLU(inplace=True))
        self.out_channels = [out_channels]

    def forward(self, instances):
        return self.layers(instances),


@WEAK_HEADS.register_module()
class AttentionPooling(BaseModule):
    """Attention pooling (eq. 8, 9): ``z = sum_k a_k h_k`` with ``a = softmax_k(w' tanh(V h_k))``, or with a gate.

    Args:
        in_channels: of the embeddings.
        channels: L, rows of V.
        gated: ``w' (tanh(V h_k) * sigmoid(U h_k))``.
    """

    def __init__(self, in_channels, channels=128, gated=False, init_cfg=None):
        super().__init__(init_cfg)
        self.value = nn.Linear(in_channels, channels)
        self.gate = nn.Linear(in_channels, channels) if gated else None
        self.weight = nn.Linear(channels, 1)

    def forward(self, embeddings, present):
        """Embeddings (B, N, K) and which are there (B, N) -> bag embedding (B, K), attention (B, N)."""
        hidden = self.value(embeddings).tanh()
        if self.gate is not None:
            hidden = hidden * self.gate(embeddings).sigmoid()
        logits = upcast(self.weight(hidden)[..., 0]).masked_fill(~present, -torch.inf)
        attention = logits.softmax(1)
        return (attention[..., None] * embeddings).sum(1), attention


@WEAK_HEADS.register_module()
class BagPooling(BaseModule):
    """Mean or max pooling over a bag, the baselines of the paper.

    Args:
        in_channels: of the embeddings; for the same settings as :class:`AttentionPooling`.
        kind: 'mean' or 'max'.
    """

    def __init__(self, in_channels=None, kind='mean', init_cfg=None):
        super().__init__(init_cfg)
        if kind not in ('mean', 'max'):
            raise ValueError(f"BagPooling: kind={kind!r} is unknown; choose 'mean' or 'max'")
        self.kind = kind

    def forward(self, embeddings, present):
        """Embeddings (B, N, K) or scores (B, N, 1), and which are there (B, N) -> (B, K), None."""
        if self.kind == 'max':
            return embeddings.masked_fill(~present[..., None], -torch.inf).amax(1), None
        weights = present / present.sum(1, keepdim=True)
        return (embeddings * weights[..., None]).sum(1), None


@MODELS.register_module()
class BagClassifier(Model):
    """Binary bag classifier with instance scores.

    Args:
        backbone: encoder of instances; its last output is averaged over positions where it is a feature map.
        pooling: :class:`AttentionPooling` or :class:`BagPooling`; ``in_channels`` may be left out.
        level: 'embedding': the pooled embedding is classified. 'instance': every instance's probability is pooled (by
            :class:`BagPooling`).
    """

    def __init__(self, backbone, pooling, level='embedding', **kwargs):
        super().__init__(backbone, **kwargs)
        if level not in ('embedding', 'instance'):
            raise ValueError(f"BagClassifier: level={level!r} is unknown; choose 'embedding' or 'instance'")
        channels, self.level = self.backbone.out_channels[-1], level
        self.pooling = self.make(pooling if isinstance(pooling, nn.Module) else dict(in_channels=channels, **pooling))
        if level == 'instance' and isinstance(self.pooling, AttentionPooling):
            raise ValueError("BagClassifier: attention is over embeddings; level='instance' needs BagPooling")
        self.classifier = nn.Linear(channels, 1)

    def embed(self, instances, present):
        """(B, N, C, H, W) -> (B, N, K); only what is there goes through the network, the rest is 0.

        Raises:
            ValueError: a bag without members.
        """
        sizes = present.sum(1).tolist()  # waits for the device, once and not in the backward pass
        if 0 in sizes:
            empty = [number for number, size in enumerate(sizes) if not size]
            raise ValueError(f'bags {empty[:10]} of the batch have no member, so there is nothing to pool: leave empty '
                             'bags out of the data')
        positions = (~present.flatten()).byte().argsort(stable=True)[:sum(sizes)]  # of those that are there, in order
        found = self.backbone(instances.flatten(0, 1)[positions])[-1]
        found = found.mean((2, 3)) if found.ndim == 4 else found
        embeddings = found.new_zeros(present.numel(), found.shape[1]).index_copy(0, positions, found)
        return embeddings.unflatten(0, present.shape)

    def score(self, embeddings, present):
        """Logit of every bag (B,) and, where the pooling has one, attention (B, N)."""
        if self.level == 'embedding':
            pooled, attention = self.pooling(embeddings, present)
            return upcast(self.classifier(pooled)[:, 0]), attention
        each = upcast(self.classifier(embeddings)).sigmoid()
        probability = self.pooling(each, present)[0][:, 0].clamp(1e-5, 1 - 1e-5)
        return probability.logit(), None

    def tensor(self, inputs, data_samples=None):
        """Logits (B,) of bags (B, N, C, H, W), padded to the largest, as ``data_samples.bag_mask`` (B, N) says."""
        present = inputs.new_ones(inputs.shape[:2], dtype=torch.bool) if data_samples is None else data_samples.bag_mask
        return self.score(self.embed(inputs, present), present)[0]

    def loss(self, inputs, data_samples):
        """Binary cross-entropy of the bags' labels."""
        logits = self.tensor(inputs, data_samples)
        labels = data_samples.gt_label.to(logits.device)
        right = ((logits.detach() > 0) == labels.bool()).float().mean() * 100
        return dict(loss=F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype)), accuracy=right)

    def predict(self, inputs, samples):
        """``samples`` with ``pred_scores`` (2,), the probabilities of a bag without and with what is asked for,
        ``pred_label``, and ``pred_instance_scores`` (n,) of its members: the attention or, without, the gradient score,
        the sum of the absolute derivatives of the bag's logit by the instance's pixels."""
        present = torch.stack([sample.bag_mask for sample in samples])
        with torch.enable_grad():
            inputs = inputs.detach().requires_grad_()
            logits, attention = self.score(self.embed(inputs, present), present)
            if attention is None:
                attention = torch.autograd.grad(logits.sum(), inputs)[0].abs().sum((2, 3, 4))
        probability = logits.detach().sigmoid()
        scores = torch.stack([1 - probability, probability], dim=1)
        return add_predictions(
            samples, pred_scores=scores, pred_label=scores.argmax(1),
            pred_instance_scores=attention.detach()[present].split(present.sum(1).tolist()))


@MODELS.register_module()
class BagPreprocessor(BaseDataPreprocessor):
    """Move bags (B, N, C, H, W) to the device and normalise them.

    Args:
        mean, std: per channel, of pixel values 0-255.
    """

    def __init__(self, mean, std, non_blocking=True):
        super().__init__(non_blocking)
        self.register_buffer('mean', torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), False)
        self.register_buffer('std', torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), False)

    def forward(self, data, training=False):
        data = self.cast_data(data)
        return dict(inputs=(data['inputs'].float() - self.mean) / self.std, data_samples=data.get('data_samples'))
