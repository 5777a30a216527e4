"""Clips of actions with their classes, as UCF101 lists them."""

import os
from pathlib import Path

import numpy as np

from mmwsl.datasets.base import ImageDataset
from mmwsl.datasets.readers.clips import VIDEO_EXTENSIONS, read_frames
from mmwsl.datasets.readers.motion.clip_windows import middle_square, stacked
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class ActionClips(ImageDataset):
    """Clips named in a list, each with the class that its folder is named after; inputs uint8 (T, 3, size, size).

    Lines of the list are ``CLASS/CLIP``, as of UCF101's ``testlist01.txt``, or ``CLASS/CLIP NUMBER`` as of its
    ``trainlist01.txt``, with numbers from 1. A clip is a video file, or the folder of its frames, which has the video's
    name without its ending. Its frames are the middles of T equal parts; middle squares are cut.

    Args:
        root: folder of the classes' folders.
        list_file: the list.
        classes_file: lines ``NUMBER CLASS``, as of ``classInd.txt``; None: the classes of the list in alphabetical
            order, which then must be all of them.
        length: T.
        size: side in pixels.
        supervision: ``'none'`` hides the classes.

    Raises:
        FileNotFoundError: no such list, or a clip is missing.
        ValueError: a line is of another form, names a class that is not in the file of classes, or has a number that is
            not the class's.
        ImageError: from an item, a clip that does not decode or has fewer than T frames.
    """

    def __init__(self, root, list_file, classes_file=None, length=5, size=128, supervision='image'):
        if length < 1 or size < 8:
            raise ValueError(f'ActionClips: length={length} must be 1 or more, and size={size} 8 or more')
        self.root, self.length, self.size = Path(root), length, size
        entries = list(read_action_list(list_file))
        classes = (sorted({name for _, name, _, _ in entries}) if classes_file is None
                   else read_class_numbers(classes_file))
        for line, name, clip, number in entries:
            if name not in classes:
                raise ValueError(f'{list_file}, line {line}: {name!r} of {clip} is not among the {len(classes)} '
                                 f'classes of {classes_file}')
            if number is not None and number != classes.index(name) + 1:
                raise ValueError(f'{list_file}, line {line}: {clip} has the number {number}, but {name!r} is number '
                                 f'{classes.index(name) + 1}; give the classes_file that belongs to the list')
        super().__init__([classes.index(name) for _, name, _, _ in entries], classes, supervision)
        self.clips = [self._find(f'{list_file}, line {line}', clip) for line, _, clip, _ in entries]

    def _find(self, where, clip):
        path = self.root / clip
        found = path if path.exists() else path.with_suffix('')
        if not found.exists():
            raise FileNotFoundError(f'{where}: neither {path} nor a folder {found} of its frames is there')
        return found

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, index):
        index = self.position(index)
        frames = list(read_frames(self.clips[index]))
        chosen = [frames[number] for number in middles_of_parts(len(frames), self.length)]
        return dict(inputs=stacked([middle_square(frame, self.size) for frame in chosen]),
                    data_samples=self.data_sample(index))


def middles_of_parts(total, count):
    """Numbers (count,) of the frames in the middles of ``count`` equal parts of ``total`` frames; some come again where
    there are fewer frames than parts."""
    return ((np.arange(count) + 0.5) * total / count).astype(int)


def read_action_list(path):
    """(line number from 1, class, clip, number of the class or None) of each line of a list, see :class:`ActionClips`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line of another form, or none at all.
    """
    entries = []
    for line, text in enumerate(_lines(path), start=1):
        if not text.strip():
            continue
        clip, number = text.strip(), None
        if Path(clip).suffix.lower() not in VIDEO_EXTENSIONS and clip.rpartition(' ')[2].isdecimal():
            clip, _, number = clip.rpartition(' ')
            number = int(number)
        name, separator, _ = clip.replace(os.sep, '/').rpartition('/')
        if not separator or not name:
            raise ValueError(f"{path}, line {line}: {text.strip()!r} names no class; lines are 'CLASS/CLIP' or "
                             "'CLASS/CLIP NUMBER'")
        entries.append((line, name.rpartition('/')[2], clip, number))
    if not entries:
        raise ValueError(f'{path} names no clip')
    return entries


def read_class_numbers(path):
    """Names of the classes in the order of their numbers, from lines ``NUMBER CLASS``, numbers from 1 without gaps.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another form.
    """
    pairs = [text.split(None, 1) for text in _lines(path) if text.strip()]
    if not pairs or any(len(pair) != 2 or not pair[0].isdecimal() for pair in pairs):
        raise ValueError(f"{path}: lines must be 'NUMBER CLASS'")
    names = {int(number): name.strip() for number, name in pairs}
    if sorted(names) != list(range(1, len(pairs) + 1)):
        raise ValueError(f'{path}: numbers must be 1 to {len(pairs)}, each once')
    return [names[number] for number in sorted(names)]


def _lines(path):
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path} does not exist (looked for from {Path.cwd()})')
    return read_lines(path)
