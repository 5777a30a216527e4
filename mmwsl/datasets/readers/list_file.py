"""Images named in a text file, with none, one or several labels each."""

import csv
import logging
import os
import re
from pathlib import Path

import torch
from mmengine.logging import print_log

from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.datasets.transforms.decode import EXTENSIONS
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS

_HEADERS = ('path', 'file', 'filename', 'file_name', 'image', 'img')
# The path of a space-separated line ends at the first image ending that a space or the line's end follows: so a path
# may have spaces.
_PATH = re.compile(rf'(.*?(?:{"|".join(re.escape(extension) for extension in EXTENSIONS)}))(?:\s+(.*))?', re.IGNORECASE)


def split_line(line):
    """A line of a list file as its fields, path first.

    Separated by tabs or commas (then quoted as in CSV files, if at all), or else by spaces.
    """
    for delimiter in '\t,':
        if delimiter in line:
            return [field.strip() for field in next(csv.reader([line], delimiter=delimiter)) if field.strip()]
    match = _PATH.fullmatch(line)
    if match:
        return [match[1], *(match[2] or '').split()]
    return line.split()


def read_list_file(path):
    """The lines of a list file as (line number from 1, path, list of int labels).

    Empty lines, lines that begin with ``#`` and a CSV file's heading are left out.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a label is not a whole number from 0, the file is not text, or it names no image.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'ImageList: the list file {path} does not exist (looked for from {Path.cwd()})')
    entries = []
    for number, line in enumerate(read_lines(path), start=1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        name, *labels = split_line(line)
        if not entries and name.lower() in _HEADERS:
            continue
        for label in labels:
            if not re.fullmatch(r'\d+', label, re.ASCII):
                raise ValueError(f'ImageList: {path} line {number}: the label {label!r} is not a whole number from 0; '
                                 'lines are `path`, `path label` or `path label label ...`')
        entries.append((number, name, [int(label) for label in labels]))
    if not entries:
        raise ValueError(f'ImageList: {path} names no images; it needs a line `path`, or `path label`, for each')
    return entries


@DATASETS.register_module()
class ImageList(FileDataset):
    """The images of a list file: lines of ``path``, ``path label`` or ``path label label ...``.

    Fields are separated by spaces, tabs or commas; labels are class numbers from 0. Images are in the order of the
    lines.

    Args:
        list_file: the file.
        data_prefix: folder that the paths are relative to; empty = the working directory.
        classes: names of the classes; None = the numbers from 0 to the largest label.
        multi_label: True gives labels as a 0/1 matrix (N, classes), where a line may have any number of labels; False
            demands exactly one; None looks whether a line has several.
        on_error: with ``'skip'``, lines whose file is missing are left out with a count.
        settings: supervision, pipeline, in_memory, size, verify, seed, max_images: see :class:`FileDataset`.

    Raises:
        FileNotFoundError: the list file or an image is missing; the message has the line's number.
        ValueError: no lines, a label that is no number or has no class name, or lines with and lines without a label.
    """

    def __init__(self, list_file, data_prefix='', classes=None, multi_label=None, on_error='raise', **settings):
        entries = read_list_file(list_file)
        exists = [os.path.isfile(os.path.join(data_prefix, name)) for _, name, _ in entries]
        present = [entry for entry, there in zip(entries, exists, strict=True) if there]
        if not all(exists):
            number, name, _ = entries[exists.index(False)]
            lost = len(entries) - len(present)
            if on_error != 'skip' or not present:
                raise FileNotFoundError(
                    f'ImageList: {list_file} line {number}: the image {os.path.join(data_prefix, name)} does not exist '
                    f'({lost} of {len(entries)} images are missing); correct the line or data_prefix, or set '
                    "on_error='skip' to leave missing images out")
            print_log(f'ImageList: {lost} of {len(entries)} images of {list_file} are missing and left out, the first '
                      f'in line {number}', logger='current', level=logging.WARNING)
        labels, classes = self._labels_of(list_file, present, classes, multi_label)
        paths = [os.path.join(data_prefix, name) for _, name, _ in present]
        super().__init__(paths, labels, classes, on_error=on_error, **settings)

    @staticmethod
    def _labels_of(list_file, entries, classes, multi_label):
        counts = [len(labels) for _, _, labels in entries]
        if max(counts) == 0 and not (multi_label and classes):
            return None, None
        if multi_label is None:
            multi_label = max(counts) > 1
        largest = max((label, number) for number, _, labels in entries for label in labels) if max(counts) else (-1, 0)
        if classes is None:
            classes = [str(label) for label in range(largest[0] + 1)]
        elif largest[0] >= len(classes):
            raise ValueError(f'ImageList: {list_file} line {largest[1]}: the label {largest[0]} has no name, '
                             f'{len(classes)} classes are given; labels count from 0')
        if multi_label:
            hot = torch.zeros(len(entries), len(classes))
            for row, (_, _, labels) in zip(hot, entries, strict=True):
                row[labels] = 1
            return hot, classes
        for number, _, labels in entries:
            if len(labels) != 1:
                raise ValueError(f'ImageList: {list_file} line {number} has {len(labels)} labels, but every image must '
                                 'have exactly one; complete the line, or set multi_label=True')
        return [labels[0] for _, _, labels in entries], classes
