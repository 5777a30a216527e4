"""Odd-one-out networks, O3N (Fernando et al. 2017): which of several clips of a video has its frames shuffled."""

import itertools

import torch

from mmwsl.models.base import Model, single_view
from mmwsl.models.layers.pooling import cell_means
from mmwsl.models.necks.mlp import pool
from mmwsl.models.pretext.time.frames import check_clips, take_frames
from mmwsl.ops.tensors import embedding_std
from mmwsl.registry import PRETEXTS

ENCODINGS = ('sum', 'dynamic', 'stack')
FUSIONS = ('sum', 'concat')


def dynamic_weights(length):
    """Approximate rank pooling, ``2 t - W - 1`` for t = 1 ... W, float32 (W,)."""
    return 2 * torch.arange(1, length + 1, dtype=torch.float32) - length - 1


def encode_clips(clips, encoding):
    """Clips (..., W, 3, H, W') as images that tell their order.

    ``'sum'``: the sum of the differences of neighbors, which is the last frame less the first; ``'dynamic'``: frames
    weighted by :func:`dynamic_weights`, brought to the range of a difference; both (..., 3, H, W').
    ``'stack'``: the differences above one another, (..., 3 (W - 1), H, W').
    """
    if encoding == 'dynamic':
        weights = dynamic_weights(clips.shape[-4]).to(clips)
        return torch.einsum('...tchw,t->...chw', clips, weights / weights.clamp(min=0).sum())
    differences = clips.diff(dim=-4)
    return differences.flatten(-4, -3) if encoding == 'stack' else differences.sum(-4)


def fuse(features, fusion):
    """Features (B, Q, D) of the clips of a question as one: ``sum over j > i of (v_j - v_i)``, (B, D), or all of them,
    (B, Q D)."""
    if fusion == 'concat':
        return features.flatten(1)
    count = features.shape[1]
    weights = 2 * torch.arange(count, device=features.device, dtype=features.dtype) - count + 1
    return torch.einsum('bqd,q->bd', features, weights)


@PRETEXTS.register_module()
class OddOneOut(Model):
    """Find among Q clips of one video the one whose frames are not in order.

    Args:
        backbone: encoder of an encoded clip; of ``'stack'`` with ``in_channels`` 3 (W - 1).
        head: :class:`ClassificationHead` of Q classes; ``in_channels`` may be left out.
        length: T, frames of the clips that questions are drawn from.
        questions: Q, clips of a question, N + 1 in the paper.
        frames: W, frames of each.
        stride: W frames are so far apart.
        encoding: ``'stack'``, ``'dynamic'`` or ``'sum'``, see :func:`encode_clips`.
        fusion: ``'sum'`` or ``'concat'``, see :func:`fuse`.
        grid: features are the means of so many by so many cells of the last map, side by side.
        neck: of what is fused, e.g. :class:`MLPNeck`; or None.

    Raises:
        ValueError: an unknown option, too few or too many frames, or another number of classes.
    """

    sees_rgb = False  # but differences of frames

    def __init__(self, backbone, head, length, questions=6, frames=6, stride=1, encoding='stack', fusion='sum',
                 grid=1, neck=None, **kwargs):
        super().__init__(backbone, **kwargs)
        for name, value, known in (('encoding', encoding, ENCODINGS), ('fusion', fusion, FUSIONS)):
            if value not in known:
                raise ValueError(f'{name}={value!r} is unknown; choose one of {", ".join(known)}')
        if not 3 <= frames <= 8:
            raise ValueError(f'frames={frames} must be from 3 to 8')
        if length < (frames - 1) * stride + 1:
            raise ValueError(f'clips of {length} frames are too short for {frames} frames, {stride} apart; give '
                             f'{(frames - 1) * stride + 1} or more')
        self.length, self.count, self.frames, self.stride = length, questions, frames, stride
        self.encoding, self.fusion, self.grid = encoding, fusion, grid
        self.neck = None if neck is None else self.make(neck)
        shuffled = torch.tensor(list(itertools.permutations(range(frames)))[1:])  # all but the right one
        self.register_buffer('shuffled', shuffled, persistent=False)
        if isinstance(head, dict):
            width = self.backbone.out_channels[-1] * grid**2 * (questions if fusion == 'concat' else 1)
            head = dict(dict(in_channels=width if self.neck is None else self.neck.out_channels), **head)
        self.head = self.make(head)
        if self.head.num_classes != questions:
            raise ValueError(f'head.num_classes={self.head.num_classes} must be {questions}, one for each clip')

    def questions(self, clips):
        """Q clips (B, Q, W, 3, H, W') drawn of each of (B, T, 3, H, W'), and the number (B,) of the odd one."""
        check_clips(clips, self.length)
        batch, device = len(clips), clips.device
        starts = torch.randint(self.length - (self.frames - 1) * self.stride, (batch, self.count), device=device)
        order = torch.arange(self.frames, device=device).expand(batch, self.count, -1)
        odd = torch.randint(self.count, (batch,), device=device)
        shuffled = self.shuffled[torch.randint(len(self.shuffled), (batch,), device=device)]
        is_odd = torch.arange(self.count, device=device) == odd[:, None]
        order = torch.where(is_odd[..., None], shuffled[:, None], order)
        return take_frames(clips, starts[..., None] + self.stride * order), odd

    def answer(self, questions):
        """Scores (B, Q) of questions (B, Q, W, 3, H, W')."""
        return self.head(self.joined(questions))

    def joined(self, questions):
        """What the head sees (B, D) of questions (B, Q, W, 3, H, W')."""
        images = encode_clips(questions, self.encoding).flatten(0, 1)
        features = cell_means(self.backbone(images)[-1], self.grid).unflatten(0, questions.shape[:2])
        fused = fuse(features, self.fusion)
        return fused if self.neck is None else self.neck(fused)

    def features(self, clips):
        """Pooled features (B, D), fp32, of the first W frames of clips (B, T, 3, H, W').

        Raises:
            ValueError: still images, which have no order, or too few frames.
        """
        last = (self.frames - 1) * self.stride + 1
        if clips.ndim != 5 or clips.shape[1] < last:
            raise ValueError(f'inputs are of shape {tuple(clips.shape)}; this network sees clips (B, T, 3, H, W) of '
                             f'{last} frames or more, encoded by their differences, and no still images')
        return pool(self.backbone(encode_clips(clips[:, :last:self.stride], self.encoding))).float()

    def loss(self, views, data_samples=None):
        """Cross-entropy of the odd one's number.

        Args:
            views: clips (B, T, 3, H, W), or a list of one such view.
            data_samples: not read.
        """
        questions, odd = self.questions(single_view(views))
        joined = self.joined(questions)
        return dict(self.head.loss(joined, odd), embedding_std=embedding_std(joined))
