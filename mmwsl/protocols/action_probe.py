"""Actions told by single frames: logistic regression on frozen features, and the mean of a clip's frames."""

import torch

from mmwsl.datasets import stratified_split
from mmwsl.evaluation.functional import topk_accuracy
from mmwsl.progress import progress_bar
from mmwsl.protocols.base import Protocol
from mmwsl.protocols.features import check_features, describe
from mmwsl.protocols.logistic import fit_logistic, predict
from mmwsl.registry import PROTOCOLS


@PROTOCOLS.register_module(name='action_probe')
class ActionProbe(Protocol):
    """Top-1 accuracy in percent of single frames, ``action_frame_top1``, and of clips, ``action_clip_top1``, whose
    probabilities are the mean of their frames'.

    Multinomial logistic regression on the frames of the training clips, standardized; the strength of its L2 penalty is
    that by which most held-out clips are told (the stronger among equals), and all clips are then fitted again.

    Args:
        frames: frames of each clip, one after the other in the data set, see :class:`ClipFrames`.
        strengths: to choose from, above 0.
        holdout: fraction of the clips of each class that is held out.
        seed: of that choice.
        iterations: at most so many steps of L-BFGS.

    Raises:
        ValueError: fewer than one frame, or no strength above 0.
    """

    def __init__(self, frames=4, strengths=(1000.0, 100.0, 10.0, 1.0, 0.1, 0.01), holdout=0.2, seed=0, iterations=300):
        if frames < 1 or not strengths or min(strengths) <= 0:
            raise ValueError(f'frames={frames} must be 1 or more, and strengths={strengths} above 0')
        self.frames, self.strengths = frames, sorted(strengths, reverse=True)
        self.holdout, self.seed, self.iterations = holdout, seed, iterations

    def run(self, source):
        """Train on the training clips, score on the test clips; see :meth:`Protocol.run`.

        Raises:
            ValueError: frames of one clip with different classes.
        """
        train, test = source.features()
        check_features(train, test, 'action_probe')
        clips = self._clips(train), self._clips(test)
        mean, std = train.features.mean(0), train.features.std(0).clamp(min=1e-6)
        known, unknown = (((part.features - mean) / std).double() for part in (train, test))
        classes = len(train.classes)
        first = torch.cat([torch.ones(1, dtype=torch.bool), clips[0][1:] != clips[0][:-1]])
        kept, _ = stratified_split(train.labels[first], self.holdout, self.seed)
        kept = torch.isin(clips[0], clips[0][first][kept])
        found = []
        for strength in progress_bar(self.strengths, 'actions', unit='fit'):
            solution = fit_logistic(known[kept], train.labels[kept], classes, strength, None, self.iterations)
            found.append(accuracies(predict(known[~kept], solution), train.labels[~kept], clips[0][~kept])[1])
        chosen = self.strengths[found.index(max(found))]
        solution = fit_logistic(known, train.labels, classes, chosen, None, self.iterations)
        values = accuracies(predict(unknown, solution), test.labels, clips[1])
        settings = dict(describe(train, test), frames=self.frames, strength=chosen, strengths=self.strengths,
                        holdout=self.holdout, clips=len(clips[1].unique()))
        return [dict(metric=f'action_{name}_top1', value=100 * value, settings=settings)
                for name, value in zip(('frame', 'clip'), values, strict=True)]

    def _clips(self, part):
        """The number of the clip of each row; frames that could not be read leave a clip with fewer."""
        clips = part.indices // self.frames
        same = clips[1:] == clips[:-1]
        if (part.labels[1:] != part.labels[:-1])[same].any():
            raise ValueError(f'frames of one clip have different classes: the data set has not {self.frames} frames of '
                             'each clip, one after the other; use ClipFrames with frames as here')
        return clips


def accuracies(scores, labels, clips):
    """Shares of the frames and of the clips whose class has the highest score.

    Args:
        scores: (N, C) logits of frames.
        labels: (N,).
        clips: (N,) numbers of the frames' clips, in ascending order.
    """
    numbers, rows = clips.unique_consecutive(return_inverse=True)
    sums = scores.new_zeros(len(numbers), scores.shape[1]).index_add_(0, rows, scores.softmax(1))
    answers = labels.new_zeros(len(numbers)).index_copy_(0, rows, labels)
    return topk_accuracy(scores, labels, (1,))[1], topk_accuracy(sums, answers, (1,))[1]
