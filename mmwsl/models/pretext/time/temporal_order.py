"""Temporal order: is it right (Shuffle and Learn, Misra et al. 2016), or which is it (sorting, Lee et al. 2017)."""

import itertools

import torch

from mmwsl.models.base import Model, single_view
from mmwsl.models.layers.pooling import cell_means
from mmwsl.models.pretext.time.frames import check_clips, frame_choices, take_frames
from mmwsl.ops.tensors import embedding_std
from mmwsl.registry import PRETEXTS

TASKS = ('verify', 'sort')


def orders(count):
    """Permutations of ``count`` frames, int64 (count!, count), and their classes (count!,): one and the same for an
    order and its reverse, since many a motion may run either way."""
    permutations = list(itertools.permutations(range(count)))
    known, classes = {}, []
    for order in permutations:
        classes.append(known.setdefault(min(order, order[::-1]), len(known)))
    return torch.tensor(permutations), torch.tensor(classes)


@PRETEXTS.register_module()
class TemporalOrder(Model):
    """Tell the order of a few frames of a clip from one another's features.

    ``'verify'``: of frames a < b < c < d < e a question has (b, c, d), which is right, or (b, a, d) or (b, e, d), which
    are not; each may be reversed. The outer frames are the same in all, so that the middle one decides.
    ``'sort'``: N frames in random order; the class is the order, an order and its reverse being one.

    Args:
        backbone: encoder of a frame.
        head: :class:`ClassificationHead`; ``in_channels`` may be left out: the frames' features side by side.
        length: T, frames of a clip.
        task: see above.
        frames: N of ``'sort'``.
        gap: smallest distance of neighbors, of a and b and of d and e.
        span: smallest distance of b and d.
        positive_share: how often the order is right in ``'verify'`` (a quarter).
        grid: features are the means of so many by so many cells of the last map, side by side: where a thing is says
            much of when, and the papers' layers over the whole map keep it.
        neck: of the frames' features side by side, e.g. :class:`MLPNeck`, as what lies between two others is no sum of
            what each frame says; or None.

    Raises:
        ValueError: an unknown task, clips too short, or another number of classes.
    """

    def __init__(self, backbone, head, length, task='verify', frames=4, gap=1, span=4, positive_share=0.25, grid=1,
                 neck=None, **kwargs):
        super().__init__(backbone, **kwargs)
        if task not in TASKS:
            raise ValueError(f'task={task!r} is unknown; choose one of {", ".join(TASKS)}')
        self.length, self.task, self.positive_share, self.grid = length, task, positive_share, grid
        self.neck = None if neck is None else self.make(neck)
        seen = 3 if task == 'verify' else frames
        choices = (frame_choices(length, 5, (gap, 1, 1, gap), (1, 3, span)) if task == 'verify' else
                   frame_choices(length, frames, gap))
        permutations, classes = orders(seen)
        for name, value in dict(choices=choices, permutations=permutations, orders=classes).items():
            self.register_buffer(name, value, persistent=False)
        if isinstance(head, dict):
            width = seen * self.backbone.out_channels[-1] * grid**2
            head = dict(dict(in_channels=width if self.neck is None else self.neck.out_channels), **head)
        self.head = self.make(head)
        wanted = 2 if task == 'verify' else int(classes.max()) + 1
        if self.head.num_classes != wanted:
            raise ValueError(f'head.num_classes={self.head.num_classes} must be {wanted}, the number of answers')

    def questions(self, clips):
        """Frames (B, N, 3, H, W) drawn of clips (B, T, 3, H, W), and the answers (B,): of ``'verify'`` 1 = right."""
        check_clips(clips, self.length)
        batch, device = len(clips), clips.device
        chosen = self.choices[torch.randint(len(self.choices), (batch,), device=device)]
        if self.task == 'sort':
            drawn = torch.randint(len(self.permutations), (batch,), device=device)
            return take_frames(clips, chosen.gather(1, self.permutations[drawn])), self.orders[drawn]
        draws = torch.rand(batch, 3, device=device)
        right, late, turned = draws[:, 0] < self.positive_share, draws[:, 1] < 0.5, draws[:, 2] < 0.5
        before, first, between, last, after = chosen.unbind(1)
        middle = torch.where(right, between, torch.where(late, after, before))
        numbers = torch.stack([torch.where(turned, last, first), middle, torch.where(turned, first, last)], dim=1)
        return take_frames(clips, numbers), right.long()

    def answer(self, frames):
        """Scores (B, A) of the answers to questions (B, N, 3, H, W)."""
        return self.head(self.joined(frames))

    def joined(self, frames):
        """What the head sees (B, D) of questions (B, N, 3, H, W)."""
        features = cell_means(self.backbone(frames.flatten(0, 1))[-1], self.grid).unflatten(0, frames.shape[:2])
        return features.flatten(1) if self.neck is None else self.neck(features.flatten(1))

    def loss(self, views, data_samples=None):
        """Cross-entropy of the answers.

        Args:
            views: clips (B, T, 3, H, W), or a list of one such view.
            data_samples: not read.
        """
        frames, answers = self.questions(single_view(views))
        joined = self.joined(frames)
        return dict(self.head.loss(joined, answers), embedding_std=embedding_std(joined))
