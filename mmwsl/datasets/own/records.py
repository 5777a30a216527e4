"""What is known of a user's own photos, whatever form the labels came in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from mmwsl.datasets.wrappers.subset import stratified_split

PARTS = ('train', 'test')


@dataclass
class Records:
    """Own photos and their labels, as each of the readers in this folder gives them.

    Attributes:
        source: the path that was named.
        form: how the labels are written, one of ``FORMATS``.
        paths: files of the N photos.
        classes: names of C classes; of class maps without the background; empty where there are no labels.
        tags: float32 (N, C), 1 = in the photo, 0 = not, -1 = not known; None = no labels.
        annotations: for each photo a dict as :class:`mmwsl.datasets.AnnotatedDataset` takes it, with ``boxes`` or
            ``class_map`` (0 = background, class + 1, 255 = void); None = neither.
        parts: for each photo ``'train'``, ``'test'``, or None where the data does not say.
        map_values: what numbers in class maps become, see :class:`mmwsl.datasets.ClassMaps`.
        remarks: what a user should know, a sentence each.
    """

    source: str
    form: str
    paths: list[str]
    classes: list[str] = field(default_factory=list)
    tags: torch.Tensor | None = None
    annotations: list[dict[str, Any]] | None = None
    parts: list[str | None] = field(default_factory=list)
    map_values: Mapping[Any, int] | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def has_boxes(self) -> bool:
        """Whether there are boxes, perhaps with masks of the objects."""
        return any('boxes' in each for each in self.annotations or ())

    @property
    def has_instance_masks(self) -> bool:
        """Whether the boxes have masks."""
        return any(each.get('masks') or any(each.get('segmentations') or ()) for each in self.annotations or ())

    @property
    def has_class_maps(self) -> bool:
        """Whether there are class maps."""
        return any('class_map' in each for each in self.annotations or ())

    @property
    def one_class_each(self) -> bool:
        """Whether every photo has exactly one class, which is known."""
        return self.tags is not None and not (self.tags < 0).any() and bool((self.tags.sum(1) == 1).all())

    def kinds(self) -> list[str]:
        """The kinds of labels, in words."""
        found = [] if self.tags is None else ['one class a photo' if self.one_class_each else 'tags']
        found += [word for word, there in (('boxes', self.has_boxes), ('masks of objects', self.has_instance_masks),
                                           ('class maps', self.has_class_maps)) if there]
        return found

    def with_class_maps(self) -> 'Records':
        """Photos with a class map, and these alone as annotations; no split where one part has none of them."""
        kept = self.select([row for row, each in enumerate(self.annotations or ()) if 'class_map' in each])
        kept.annotations = [dict(class_map=each['class_map']) for each in kept.annotations or ()]
        if any(kept.parts) and len({part or 'train' for part in kept.parts}) < len(PARTS):
            kept.parts = [None] * len(kept.paths)
        return kept

    def select(self, positions: list[int]) -> 'Records':
        """The records of the photos at ``positions``."""
        return Records(
            self.source, self.form, [self.paths[row] for row in positions], self.classes,
            None if self.tags is None else self.tags[positions],
            None if self.annotations is None else [self.annotations[row] for row in positions],
            [self.parts[row] for row in positions] if self.parts else [], self.map_values, self.remarks)


def unseen_classes(records: Records) -> list[str]:
    """Names of the classes that no photo is known to show."""
    if records.tags is None:
        return []
    seen = (records.tags == 1).any(0).tolist()
    return [name for name, there in zip(records.classes, seen, strict=True) if not there]


def split_positions(records: Records, share: float = 0.2, seed: int = 0) -> dict[str, list[int]]:
    """Positions of the photos to train on and of those to test on.

    Where the data says it of no photo, a seeded ``share`` of each class is kept for the test; of photos without labels
    too, and of those with tags so that each tag is trained on. Photos of which a split says nothing are trained on.

    Raises:
        ValueError: a class that only photos of the test have, one part without photos, or too few photos to split.
    """
    if any(records.parts):
        found = {part: [row for row, name in enumerate(records.parts) if (name or 'train') == part] for part in PARTS}
        empty = [part for part in PARTS if not found[part]]
        if empty:
            raise ValueError(f'{records.source}: its split leaves no photo for {empty[0]}; put photos there, or leave '
                             'the split out to get one made')
        if records.tags is not None:
            seen, asked = ((records.tags[found[part]] == 1).any(0) for part in PARTS)
            only = [name for name, there in zip(records.classes, (asked & ~seen).tolist(), strict=True) if there]
            if only:
                raise ValueError(f'{records.source}: only photos of the test have the classes {", ".join(only)}, so '
                                 'none could be learnt; put some of them into train, correct their names, or name '
                                 'the photos of train alone as the data')
        return found
    labels = torch.zeros(len(records.paths), 0) if records.tags is None else records.tags
    if records.one_class_each:
        labels = labels.argmax(1)
    if len(labels) < 2:
        raise ValueError(f'{records.source}: {len(labels)} photo is too few to train and to test on; add '
                         'photos')
    kept, held = (part.tolist() for part in stratified_split(labels, share, seed))
    if labels.ndim == 2:  # tags are rare, and chance would put all of some into the test
        for row in held.copy():
            unseen = (labels[row] == 1) & ~(labels[kept] == 1).any(0)
            if unseen.any() and len(held) > 1:
                held.remove(row)
                kept.append(row)
    return dict(train=sorted(kept), test=held)


def describe(records: Records, count: Callable[[int], str] = '{:,}'.format) -> str:
    """One line: form, photos, classes, kinds of labels and the split."""
    kinds = records.kinds()
    words = [records.form, _counted(count, len(records.paths), 'photo', 'photos')]
    words += [f'{_counted(count, len(records.classes), "class", "classes")} ({", ".join(kinds)})'] if kinds else [
        'no labels']
    parts = split_positions(records)
    made = 'as the data says' if any(records.parts) else 'split here, a fifth to test'
    return (f'{records.source}: {", ".join(words)}; {count(len(parts["train"]))} to train on, '
            f'{count(len(parts["test"]))} to test ({made})')


def _counted(count: Callable[[int], str], number: int, one: str, several: str) -> str:
    return f'{count(number)} {one if number == 1 else several}'
