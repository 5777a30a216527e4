"""Features of untrimmed videos in the layout of THUMOS14."""

import logging
import zipfile
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from mmwsl.datasets.base import SequenceDataset, sequence_sample
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS
from mmwsl.structures import strip_labels

AMBIGUOUS = 'Ambiguous'


def read_segments(path):
    """The lines ``video start end`` of an annotation file as a list of (video, start, end), in seconds.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line that is something else, or a segment that does not end after it starts.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'the annotation file {path} does not exist')
    segments = []
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            video, start, end = line.strip().rsplit(None, 2)  # names may have spaces
            start, end = float(start), float(end)
        except ValueError:
            raise ValueError(f'{path} line {number}: {line.strip()!r} is not `video start end`, in seconds') from None
        if not 0 <= start < end < float('inf'):
            raise ValueError(f'{path} line {number}: the segment from {start} to {end} seconds is none; it must start '
                             'at 0 or later and end after it starts. Correct or remove the line')
        segments.append((video, start, end))
    return segments


def read_video_labels(path):
    """The lines ``video class [class ...]`` of a list as dict of video -> list of class names.

    Fields are separated by spaces, or by tabs, where names have spaces.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line without a class, a video that comes twice, or no lines at all.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'the list of video labels {path} does not exist')
    labels = {}
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        video, *names = [each.strip() for each in line.split('\t') if each.strip()] if '\t' in line else line.split()
        if not names or video in labels:
            problem = 'comes a second time' if names else 'has no class'
            raise ValueError(f'{path} line {number}: {video} {problem}; there must be one line `video class [class '
                             '...]` for each video')
        labels[video] = names
    if not labels:
        raise ValueError(f'{path} names no videos; it needs a line `video class [class ...]` for each')
    return labels


def read_features(path):
    """The features (T, D) of a video: an array of a .npy file, or the only one of a .npz file.

    Raises:
        ValueError: the file cannot be read, holds several arrays, or no (T, D) of numbers with T and D from 1.
    """
    try:
        features = np.load(path, mmap_mode='r')
        if isinstance(features, np.lib.npyio.NpzFile):
            with features:
                if len(features.files) != 1:
                    raise ValueError(f'it holds {len(features.files)} arrays, {features.files}; there must be one')
                features = features[features.files[0]]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f'the features {path} cannot be read: {error}') from error
    if features.ndim != 2 or 0 in features.shape or features.dtype.kind not in 'fiu':
        raise ValueError(f'the features {path} are {features.dtype} of shape {features.shape}; they must be numbers of '
                         'shape (T, D), one row a step of time')
    return features


@DATASETS.register_module()
class THUMOS14(SequenceDataset):
    """Features of untrimmed videos and the annotation files of THUMOS14, or of any set in that layout.

    An item has ``inputs`` float32 (T, D) and a :class:`DataSample` with ``gt_label`` (the class's number), ``rate``
    and, with ``supervision='full'``, ``gt_segments`` (N, 2) from start to end in seconds, ``gt_segment_labels`` (N,)
    and ``gt_ignored_segments`` (K, 2). Step t of the features is taken to be the time from t / rate to (t + 1) / rate.

    Which videos: with ``supervision='image'`` all that have a label, to train on; with ``'full'`` those that have
    segments, to test on. Hide-and-Seek is for videos of one class, so those of several are left out of the former, with
    a count; the latter keep them with all their segments, and ``gt_label`` is then 0/1 float (C,) for every video. All
    CliffDiving of THUMOS14 is annotated as Diving too: without ``label_file`` none of it is left to train on.

    Args:
        feature_root: folder of ``VIDEO.npy`` or ``VIDEO.npz``, see :func:`read_features`.
        annotation_root: folder of ``CLASS_val.txt`` and ``CLASS_test.txt``, lines of ``video start end``;
            ``Ambiguous_*.txt``, if there, has the segments in which a detection is neither right nor wrong.
        split: ``'val'`` or ``'test'``: the ending of the annotation files.
        rate: features per second.
        label_file: lines of ``video class [class ...]``, for videos whose segments are not annotated: of THUMOS14's
            1,010 validation videos of 101 classes 200 are annotated, in 20 classes. These labels take the place of
            those from the annotation, and the classes are all that it names: give it to train and test alike.
        on_error: ``'raise'``, or ``'skip'`` to leave out videos without features, with a count; their segments are then
            not asked for in a test.
        supervision: ``'image'`` or ``'full'``.

    Raises:
        FileNotFoundError: no annotation file of the split, or no features of a video.
        ValueError: features that are no (T, D) or differ in D, an annotated class that ``label_file`` does not name, no
            video left, or most segments beyond the end of the features, as with a wrong ``rate``.
    """

    def __init__(self, feature_root, annotation_root, rate, split='val', label_file=None, on_error='raise',
                 supervision='image'):
        super().__init__(supervision)
        if split not in ('val', 'test') or on_error not in ('raise', 'skip') or not rate > 0:
            raise ValueError(f"THUMOS14: split={split!r} must be 'val' or 'test', on_error={on_error!r} 'raise' or "
                             f"'skip', rate={rate} above 0")
        self.rate = rate
        ending = f'_{split}.txt'
        files = {path.name[:-len(ending)]: path for path in sorted(Path(annotation_root).glob(f'*{ending}'))}
        ignored = read_segments(files.pop(AMBIGUOUS)) if AMBIGUOUS in files else []
        if not files:
            raise FileNotFoundError(f'THUMOS14: there is no CLASS{ending} in {annotation_root}; it is the folder '
                                    "`annotation` of THUMOS14's archives")
        segments = {}  # video -> list of (class name, start, end)
        for name, path in files.items():
            for video, start, end in read_segments(path):
                segments.setdefault(video, []).append((name, start, end))
        labels = {video: sorted({name for name, _, _ in each}) for video, each in segments.items()}
        listed = {} if label_file is None else read_video_labels(label_file)
        self.classes = sorted({name for names in listed.values() for name in names} or files)
        unknown = sorted(set(files) - set(self.classes))
        if unknown:
            raise ValueError(f'THUMOS14: {label_file} has no video of {", ".join(unknown)}, which {annotation_root} '
                             'annotates; the names must be the same')
        if supervision == 'image':
            labels = self._of_one_class({**labels, **listed})
        self.paths = self._find(feature_root, sorted(labels), on_error)
        self.videos = list(self.paths)
        number = {name: index for index, name in enumerate(self.classes)}
        self.labels = [[number[name] for name in labels[video]] for video in self.videos]
        self.segments = [[(number[name], start, end) for name, start, end in segments.get(video, ())]
                         for video in self.videos]
        self.ignored = [[(start, end) for other, start, end in ignored if other == video] for video in self.videos]
        self._check_features()

    def _of_one_class(self, labels):
        one = {video: names for video, names in labels.items() if len(set(names)) == 1}
        lost = sorted(set(self.classes) - {names[0] for names in one.values()})
        if len(one) < len(labels):
            print_log(f'THUMOS14: {len(labels) - len(one)} of {len(labels)} videos have several classes and are left '
                      f'out of the training{"; no video is left of " + ", ".join(lost) if lost else ""}',
                      logger='current')
        if not one:
            raise ValueError(f'THUMOS14: none of {len(labels)} videos has exactly one class, there is nothing to train '
                             'on')
        return one

    @staticmethod
    def _find(root, videos, on_error):
        found = {video: next((path for path in (Path(root, video + ending) for ending in ('.npy', '.npz'))
                              if path.is_file()), None) for video in videos}
        both = [video for video in videos if all(Path(root, video + ending).is_file() for ending in ('.npy', '.npz'))]
        if both:
            raise ValueError(f'THUMOS14: {len(both)} videos have features in two files, the first is {both[0]} (.npy '
                             f'and .npz in {root}); remove one of them')
        lost = [video for video, path in found.items() if path is None]
        if lost and (on_error == 'raise' or len(lost) == len(videos)):
            raise FileNotFoundError(f'THUMOS14: {len(lost)} of {len(videos)} videos have no features, the first is '
                                    f"{lost[0]} (.npy or .npz in {root}); on_error='skip' leaves them out")
        if lost:
            print_log(f'THUMOS14: {len(lost)} of {len(videos)} videos have no features in {root} and are left out, the '
                      f'first is {lost[0]}', logger='current', level=logging.WARNING)
        return {video: path for video, path in found.items() if path is not None}

    def _check_features(self):
        shapes = [read_features(path).shape for path in self.paths.values()]
        for video, shape in zip(self.videos, shapes, strict=True):
            if shape[1] != shapes[0][1]:
                raise ValueError(f'THUMOS14: the features of {video} have {shape[1]} channels, those of '
                                 f'{self.videos[0]} {shapes[0][1]}; they must be of one network')
        beyond = [start >= length / self.rate for (length, _), each in zip(shapes, self.segments, strict=True)
                  for _, start, _ in each]
        message = (f'THUMOS14: {sum(beyond)} of {len(beyond)} segments start after the end of the features, at rate='
                   f'{self.rate} features per second')
        if sum(beyond) > len(beyond) / 2:
            raise ValueError(f'{message}; set rate to the features per second of the files')
        if any(beyond):  # THUMOS14 has a few annotations beyond the end of their videos
            print_log(f'{message}; they are kept and cannot be found', logger='current', level=logging.WARNING)

    def __len__(self):
        return len(self.videos)

    def __getitem__(self, index):
        path = self.paths[self.videos[index]]
        inputs = torch.from_numpy(np.array(read_features(path), dtype=np.float32))
        if not inputs.isfinite().all():
            raise ValueError(f'the features {path} are not finite everywhere; extract them anew')
        label = self.labels[index][0]
        if self.supervision == 'full' and any(len(each) > 1 for each in self.labels):
            label = np.isin(np.arange(len(self.classes)), self.labels[index]).astype(np.float32)
        sample = sequence_sample(index, label, self.rate, [each[1:] for each in self.segments[index]],
                         [each[0] for each in self.segments[index]], self.ignored[index])
        sample.set_metainfo(dict(path=str(path)))
        return dict(inputs=inputs, data_samples=strip_labels(sample, self.supervision))
