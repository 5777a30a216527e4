"""NPID: Unsupervised Feature Learning via Non-Parametric Instance Discrimination (Wu et al. 2018)."""

import math

import torch
import torch.nn.functional as F

from mmwsl.dist import all_gather, all_mean
from mmwsl.models.base import Model
from mmwsl.ops.tensors import embedding_std, normalize
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class NPID(Model):
    """Non-parametric instance discrimination: every image is a class, with its memory-bank row as weights.

    Args:
        backbone, neck: encoder of the one view.
        bank: :class:`FeatureBank` with a row for each of the N images.
        temperature: T (0.07 on ImageNet, 0.1 on CIFAR-10).
        bank_momentum: weight of a row's old value.
        negatives: number K of other images, drawn anew for each image and with replacement; None takes all N rows.
        ensure_negatives: never draw the image itself.
        form: ``'softmax'`` over the positive and the negatives (eq. 2), or ``'nce'``, whose partition function Z is
            estimated on the first batch and then kept (eq. 4 to 8).

    Raises:
        ValueError: unknown form, or NCE without a number of negatives.
    """

    sized_by_images = ('bank.',)

    def __init__(self, backbone, neck, bank, temperature=0.07, bank_momentum=0.5, negatives=65536,
                 ensure_negatives=True, form='softmax', **kwargs):
        super().__init__(backbone, **kwargs)
        if form not in ('softmax', 'nce'):
            raise ValueError(f"NPID: form={form!r} is unknown; choose 'softmax' or 'nce'")
        if negatives is None and form == 'nce':
            raise ValueError("NPID: form='nce' needs a number of negatives, not None")
        self.neck, self.bank = self.make(neck), self.make(bank)
        self.temperature, self.bank_momentum = temperature, bank_momentum
        self.negatives, self.ensure_negatives, self.form = negatives, ensure_negatives, form
        if form == 'nce':
            self.register_buffer('log_partition', torch.tensor(math.inf))  # ln Z; infinite until the first batch
        self._checked = False

    def draw_negatives(self, index):
        """Draw (B, K) rows of the bank; with ``ensure_negatives`` never the image's own."""
        candidates = len(self.bank.features) - self.ensure_negatives
        drawn = torch.randint(candidates, (len(index), self.negatives), device=index.device)
        return drawn + (drawn >= index[:, None]) if self.ensure_negatives else drawn

    def nce(self, logits):
        """Noise-contrastive estimation for logits (B, 1 + K), the positive first (eq. 6 and 7)."""
        with torch.no_grad():  # Z = N mean(exp), of all ranks; no logit is above 1 / T
            mean = all_mean((logits - 1 / self.temperature).exp().mean())
            estimate = mean.log() + 1 / self.temperature + math.log(len(self.bank.features))
            self.log_partition.copy_(torch.where(self.log_partition.isinf(), estimate, self.log_partition))
        # h = P / (P + K / N) with P = exp(logit) / Z is the sigmoid of ln P - ln(K / N)
        odds = logits - self.log_partition - math.log(self.negatives / len(self.bank.features))
        return -(F.logsigmoid(odds[:, 0]) + F.logsigmoid(-odds[:, 1:]).sum(1)).mean()

    def loss(self, views, data_samples):
        index = data_samples.index  # (B,) positions in the data set
        if not self._checked:  # once, as it waits for the device
            self.bank.check(index)
            self._checked = True
        f = normalize(self.neck(self.backbone(views[0])))  # (B, D)
        bank = self.bank.features.clone()  # backward needs the rows as they are now
        with torch.autocast(f.device.type, enabled=False):
            logits = f @ bank.T / self.temperature  # (B, N)
        if self.negatives is None:
            loss = F.cross_entropy(logits, index)
        else:
            # One product with all rows and K picked results of each image take less memory than B x K x D picked rows.
            logits = logits.gather(1, torch.cat([index[:, None], self.draw_negatives(index)], dim=1))  # (B, 1 + K)
            loss = self.nce(logits) if self.form == 'nce' else F.cross_entropy(logits, torch.zeros_like(index))
        self.bank.update(all_gather(index), all_gather(f.detach()), self.bank_momentum)
        return dict(loss=loss, embedding_std=embedding_std(f))
