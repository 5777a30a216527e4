"""A dataset of files whose images come with proposals: boxes that may hold an object, found without labels."""

from pathlib import Path

import numpy as np

from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.registry import DATASETS

KEYS = dict(stem=lambda path: Path(path).stem, name=lambda path: Path(path).name, path=str)


class ImageProposals:
    """Proposals of images by their paths.

    Args:
        table: mapping of an image's id to its boxes (R, 4), x1 y1 x2 y2 in pixels of the upright file with x2 and y2
            exclusive, and scores (R,), or None instead of these. Or what a proposal file is read to, which has
            ``check_images(ids)`` and ``of(id)`` instead.
        key: what an id is: ``'stem'`` (``000005``), ``'name'`` (``000005.jpg``) or ``'path'``, the whole path.
        min_side: boxes with a shorter side are left out.
        max_proposals: so many of the highest scores stay; the first ones where there are no scores; None = all.

    Raises:
        ValueError: an unknown key.
    """

    def __init__(self, table, key='stem', min_side=20, max_proposals=None):
        if key not in KEYS:
            raise ValueError(f'WithProposals: key={key!r} is unknown; choose one of {", ".join(KEYS)}')
        self.table, self.key, self.min_side, self.max_proposals = table, key, min_side, max_proposals

    def check(self, paths):
        """Raise ValueError unless the table has all images, and say whether it is of others."""
        if hasattr(self.table, 'check_images'):
            try:
                self.table.check_images([KEYS[self.key](path) for path in paths])
            except KeyError as error:
                raise ValueError(f'WithProposals: {error.args[0]}') from None
            return
        missing = [path for path in paths if KEYS[self.key](path) not in self.table]
        if missing:
            there = ', '.join(str(each) for each, _ in zip(self.table, range(3), strict=False)) or 'none'
            raise ValueError(
                f'WithProposals: {len(missing)} of {len(paths)} images have no proposals, the first '
                f'{KEYS[self.key](missing[0])!r} ({missing[0]}); the proposals are of {len(self.table)} images with '
                f'ids like {there}. Are they of other images? Make them for these, set key (now {self.key!r}), or '
                'leave these images out with Subset')

    def of(self, path):
        """Boxes (R, 4) and scores (R,) or None of an image, float32, without small and double ones.

        Raises:
            ValueError: none are left, or they are no boxes.
        """
        name = KEYS[self.key](path)
        boxes, scores = self.table.of(name) if hasattr(self.table, 'of') else self.table[name]
        boxes = np.asarray(boxes, dtype=np.float32)
        if boxes.ndim != 2 or boxes.shape[1] != 4 or (scores is not None and len(scores) != len(boxes)):
            raise ValueError(f'WithProposals: the proposals of {name!r} are of shape {boxes.shape}, with '
                             f'{None if scores is None else len(scores)} scores; they must be (R, 4) and (R,)')
        if not np.isfinite(boxes).all():
            raise ValueError(f'WithProposals: proposals of {name!r} are not finite; make them anew')
        kept = np.flatnonzero((boxes[:, 2:] - boxes[:, :2]).min(1, initial=np.inf) >= self.min_side)
        kept = kept[np.sort(np.unique(boxes[kept], axis=0, return_index=True)[1])]
        if not len(kept):
            raise ValueError(f'WithProposals: none of the {len(boxes)} proposals of {name!r} has sides of min_side='
                             f'{self.min_side} pixels or more; make more for this image, lower min_side, or leave it '
                             'out')
        if scores is None:
            return boxes[kept[:self.max_proposals]], None
        scores = np.asarray(scores, dtype=np.float32)
        kept = kept[np.argsort(-scores[kept], kind='stable')[:self.max_proposals]]
        return boxes[kept], scores[kept]


@DATASETS.register_module(name='WithProposals')
def with_proposals(dataset, proposals, key='stem', min_side=20, max_proposals=None):
    """A dataset of files whose samples have ``proposals`` (R, 4) and, where there are some, ``proposal_scores`` (R,).

    They are moved with the image by the pipeline, and are there whatever ``supervision`` is, as they are no labels.

    Args:
        dataset: config or instance of a dataset of files; an instance is changed.
        proposals: mapping of ids to (boxes, scores), see :class:`ImageProposals`, or the path of a proposal file.
        key, min_side, max_proposals: see :class:`ImageProposals`.

    Raises:
        ValueError: a dataset that is not of files, a pipeline that would leave proposals where they were, or images
            without proposals; the message names the first and says whose proposals there are.
    """
    dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
    if not isinstance(dataset, FileDataset) or dataset.holds_images:
        raise ValueError(f'WithProposals takes datasets of files that are read one by one, not {type(dataset).__name__}'
                         '; leave out in_memory, and for scenes use WithWindows')
    fixed = [type(step).__name__ for step in dataset.pipeline if not getattr(step, 'moves_annotations', False)]
    if fixed:
        raise ValueError(f'WithProposals: {", ".join(fixed)} would not move the proposals with the image; use '
                         'ResizeShortEdge and RandomFlip')
    if isinstance(proposals, (str, Path)):
        from mmwsl.datasets.readers.proposals import read_proposals
        proposals = read_proposals(proposals)
    source = ImageProposals(proposals, key, min_side, max_proposals)
    source.check(dataset.paths)
    dataset.proposals = source
    return dataset
