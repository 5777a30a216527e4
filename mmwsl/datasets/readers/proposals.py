"""Proposals of a set of images in one memory-mapped file."""

import json
import os
from pathlib import Path

import numpy as np

from mmwsl.datasets.transforms.decode import EXTENSIONS
from mmwsl.files import write_atomically

MAGIC = b'mmwsl proposals 1\n'
ALIGNMENT = 64
# name: type and columns, None where it is a list of numbers
ARRAYS = {'offsets': ('<i8', None), 'sizes': ('<i4', 2), 'boxes': ('<f4', 4), 'scores': ('<f4', None),
          'ids': ('|u1', None)}
AGAIN = 'make the file again: mmwsl proposals PHOTOS --out FILE'


class Proposals:
    """Boxes that may hold an object, of every image of a set.

    Args:
        ids: N names of images, each once.
        offsets: (N + 1,) of ints: those of image i are ``boxes[offsets[i]:offsets[i + 1]]``.
        boxes: (M, 4) x1 y1 x2 y2 in pixels of the image as it is shown upright, x2 and y2 exclusive, best first.
        scores: (M,), the larger the better.
        sizes: (N, 2) width and height of the images; None, and 0 of one image, where they are not known.
        source: what messages call these proposals.
        meta: dict of plain values: how they were made.

    Raises:
        ValueError: arrays that do not belong together, or a name that stands there twice.
    """

    def __init__(self, ids, offsets, boxes, scores, sizes=None, source='proposals', meta=None):
        self.ids, self.offsets, self.boxes, self.scores, self.source = list(ids), offsets, boxes, scores, str(source)
        self.sizes = np.zeros((len(self.ids), 2), np.int32) if sizes is None else sizes
        self.meta = dict(meta or {})
        steps = np.diff(offsets)
        if (len(offsets) != len(self.ids) + 1 or offsets[0] != 0 or (steps < 0).any() or offsets[-1] != len(boxes)
                or len(scores) != len(boxes) or self.sizes.shape != (len(self.ids), 2)):
            raise ValueError(f'{source}: its {len(self.ids)} names, {len(offsets)} offsets, {len(boxes)} boxes and '
                             f'{len(scores)} scores do not belong together; {AGAIN}')
        self._index = {name: number for number, name in enumerate(self.ids)}
        if len(self._index) < len(self.ids):
            twice = next(name for number, name in enumerate(self.ids) if self._index[name] != number)
            raise ValueError(f'{source}: image {twice} stands there twice; leave one out')
        self._stems = {}
        for number, name in enumerate(self.ids):
            stem = _stem(name)
            self._stems[stem] = None if stem in self._stems else number

    @classmethod
    def from_lists(cls, ids, boxes, scores, sizes=None, source='proposals', meta=None):
        """Proposals of lists with an array for each image; see the class."""
        offsets = np.cumsum([0, *map(len, boxes)])
        boxes = np.concatenate([np.zeros((0, 4), np.float32), *(np.reshape(each, (-1, 4)) for each in boxes)])
        scores = np.concatenate([np.zeros(0, np.float32), *scores])
        return cls(ids, offsets, boxes.astype(np.float32), scores.astype(np.float32), sizes, source, meta)

    def __len__(self):
        return len(self.ids)

    def __getstate__(self):
        if isinstance(self.boxes, np.memmap):  # workers map the file themselves
            return dict(reopen=self.source)
        return self.__dict__

    def __setstate__(self, state):
        self.__dict__.update(open_proposals(state['reopen']).__dict__ if 'reopen' in state else state)

    def position(self, name):
        """Place of an image, by its name as in the file, behind other folders if need be, or else by its file's name
        without folders and ending.

        Raises:
            KeyError: the file has no such image, or several.
        """
        parts = str(name).split('/')
        tails = ('/'.join(parts[start:]) for start in range(len(parts)))  # a whole path ends in the name in the file
        number = next((self._index[tail] for tail in tails if tail in self._index), -1)
        if number < 0:
            number = self._stems.get(_stem(str(name)), -1)
        if number is None:
            raise KeyError(f'{self.source}: several images are called {_stem(str(name))}; ask for one with its folder, '
                           f'as in {self.ids[0]}')
        if number < 0:
            raise KeyError(f'{self.source} has no proposals of image {name}: its {len(self)} images are '
                           f'{_few(self.ids)}. Is it the file of other images? Else make one of these: '
                           'mmwsl proposals PHOTOS --out FILE')
        return number

    def check_images(self, names):
        """Fail early unless the file has every one of these images.

        Raises:
            KeyError: some are missing; the message says how many and which.
        """
        missing = []
        for name in names:
            try:
                self.position(name)
            except KeyError:
                missing.append(str(name))
        if missing:
            raise KeyError(f'{self.source} lacks {len(missing)} of {len(names)} images: {_few(missing)}; its own '
                           f'{len(self)} are {_few(self.ids)}. If it is the file of other images, name the right one, '
                           'else make one of these: mmwsl proposals PHOTOS --out FILE')

    def of(self, name, size=None, max_boxes=None):
        """Boxes (P, 4) and scores (P,) of an image, best first.

        Args:
            name: see :meth:`position`.
            size: (width, height) of the image, to be compared with what the file knows of it.
            max_boxes: at most so many.

        Raises:
            KeyError: see :meth:`position`.
            ValueError: there are none, they are no boxes, or the image has another size than theirs.
        """
        number = self.position(name)
        part = slice(int(self.offsets[number]), int(self.offsets[number + 1]))
        boxes, scores = np.array(self.boxes[part]), np.array(self.scores[part])
        if not len(boxes):
            raise ValueError(f'{self.source} has no proposals for image {name}: the list of its boxes is empty. Leave '
                             'the image out, or make them with another method (mmwsl proposals --method)')
        if not np.isfinite(boxes).all() or (boxes[:, :2] > boxes[:, 2:]).any() or (boxes[:, :2] < 0).any():
            raise ValueError(f'{self.source}: boxes of image {name} are no x1 y1 x2 y2 within it; {AGAIN}')
        known = tuple(self.sizes[number].tolist())
        # files of others may end half a pixel outside
        farthest = boxes[:, 2:].max(0)
        if size is not None and (all(known) and known != tuple(size) or (farthest > np.array(size) + 1).any()):
            of = f'of {known[0]} x {known[1]} pixels' if all(known) else f'with boxes up to {farthest.tolist()}'
            raise ValueError(f'{self.source} has proposals of an image {name} {of}, but this one has {size[0]} x '
                             f'{size[1]}: they are of another image, or of this one before it was resized or turned; '
                             f'{AGAIN}')
        order = np.argsort(-scores, kind='stable')[:max_boxes]
        return boxes[order], scores[order]


def _stem(name):
    path = Path(name)
    return path.stem if path.suffix.lower() in EXTENSIONS else path.name


def _few(names):
    return ', '.join(names[:3]) + (', ...' if len(names) > 3 else '') if names else 'none'


def write_proposals(path, proposals):
    """Write :class:`Proposals` as one file; see docs/proposals.md for its layout.

    Raises:
        OSError: it cannot be written.
        ValueError: a name with a line break.
    """
    if any('\n' in name for name in proposals.ids):
        raise ValueError('the name of an image has a line break; rename its file')
    content = dict(offsets=proposals.offsets, sizes=proposals.sizes, boxes=proposals.boxes, scores=proposals.scores,
                   ids=np.frombuffer('\n'.join(proposals.ids).encode(), np.uint8))
    content = {name: np.ascontiguousarray(content[name], dtype) for name, (dtype, _) in ARRAYS.items()}
    lengths = {name: len(array) for name, array in content.items()}
    header = json.dumps(dict(meta=proposals.meta, lengths=lengths))

    def write(file):
        file.write(MAGIC + f'{len(header.encode()):<15d}\n'.encode() + header.encode())
        for array in content.values():
            file.write(b'\0' * (-file.tell() % ALIGNMENT))
            file.write(array.data)
    write_atomically(path, write)


def open_proposals(path):
    """Map a file that :func:`write_proposals` wrote; nothing but names and offsets is read.

    Returns:
        Proposals.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no file of proposals, or truncated.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'file of proposals {path} does not exist (looked for from {os.getcwd()}); {AGAIN}')
    try:
        with open(path, 'rb') as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError(f'{path} is no file of proposals, or of another version: it does not begin with '
                                 f'"{MAGIC.decode().strip()}"')
            header = json.loads(file.read(int(file.read(16))))
            lengths, meta, start = header['lengths'], header['meta'], file.tell()
            mapped = np.memmap(path, np.uint8, 'r')
            arrays = {}
            for name, (dtype, columns) in ARRAYS.items():
                start += -start % ALIGNMENT
                end = start + int(lengths[name]) * np.dtype(dtype).itemsize * (columns or 1)
                if not start <= end <= len(mapped):
                    raise ValueError(f'it has {len(mapped)} bytes where {name} end at {end}')
                arrays[name] = mapped[start:end].view(dtype)
                if columns:
                    arrays[name] = arrays[name].reshape(-1, columns)
                start = end
            if start != len(mapped):
                raise ValueError(f'it has {len(mapped)} bytes, not {start}')
            names = bytes(arrays.pop('ids')).decode()
            ids = names.split('\n') if names else []
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'file of proposals {path} is truncated or damaged: {error}; {AGAIN}') from error
    return Proposals(ids, **arrays, source=path, meta=meta)


def read_proposals(path, box_order=None):
    """Proposals of a file: one of ``mmwsl proposals``, or by its ending a ``.mat`` or a ``.pkl`` of others.

    Args:
        path: the file.
        box_order: for a ``.mat`` see :func:`mmwsl.datasets.readers.proposal_files.read_mat`.

    Raises:
        FileNotFoundError, ValueError: see :func:`open_proposals`, and the readers of the others.
    """
    from mmwsl.datasets.readers.proposal_files import read_mat, read_pickle
    ending = Path(path).suffix.lower()
    if ending == '.mat':
        return read_mat(path, box_order or 'yxyx')
    return read_pickle(path) if ending in ('.pkl', '.pickle') else open_proposals(path)
