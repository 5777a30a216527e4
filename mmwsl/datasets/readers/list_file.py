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
# Headings of columns that hold class numbers; other ones name a tag each.
_NUMBERS = re.compile(r'(labels?|class(es)?|categor(y|ies)|tags?|targets?|ids?)[ _]?\d*', re.IGNORECASE)
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


def read_list_file(path, multi_hot=None):
    """The lines of a list file, and the tags that its heading names.

    Empty lines and lines that begin with ``#`` are left out.

    Args:
        path: the file.
        multi_hot: True also takes -1, the mark of a tag that is not known.

    Returns:
        tuple: list of (line number from 1, path, list of int labels), and a list of names, empty without a heading.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a label is not a whole number from 0, the file is not text, or it names no image.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'ImageList: the list file {path} does not exist (looked for from {Path.cwd()})')
    entries, tags = [], []
    for number, line in enumerate(read_lines(path), start=1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        name, *labels = split_line(line)
        if not entries and name.lower() in _HEADERS:
            tags = [] if any(map(_NUMBERS.fullmatch, labels)) else labels
            continue
        for label in labels:
            if not re.fullmatch(r'-1|\d+' if multi_hot else r'\d+', label, re.ASCII):
                raise ValueError(f'ImageList: {path} line {number}: the label {label!r} is not a whole number from 0; '
                                 'lines are `path`, `path label` or `path label label ...`, or with multi_hot=True '
                                 '`path` and a 0, 1 or -1 (unknown) for each class')
        entries.append((number, name, [int(label) for label in labels]))
    if not entries:
        raise ValueError(f'ImageList: {path} names no images; it needs a line `path`, or `path label`, for each')
    return entries, tags


def check_one_line_each(list_file, entries):
    """Make sure that no image has other labels on another line; the same line may come again.

    Raises:
        ValueError: one has.
    """
    seen = {}
    for number, name, labels in entries:
        first, others = seen.setdefault(os.path.normpath(name), (number, labels))
        if others != labels:
            raise ValueError(f'ImageList: {list_file}: {name} has the labels {others} in line {first} and {labels} in '
                             f'line {number}; give an image all of its labels on one line, or remove the wrong one')


def check_class_numbers(list_file, entries, multi_hot=None):
    """Make sure that lines of several labels are class numbers, not a 0 or 1 for each class.

    Args:
        list_file: the file, for the message.
        entries: of :func:`read_list_file`.
        multi_hot: False says that they are class numbers, where they can be.

    Raises:
        ValueError: a number stands twice on a line, or every line has as many numbers, all of them 0 or 1.
    """
    mend = ('set multi_hot=True if a line has a 0 or 1 for each class, or name the classes in a heading, as in '
            '`path,cat,dog`')
    for number, _, labels in entries:
        if len(set(labels)) < len(labels):
            twice = next(label for label in labels if labels.count(label) > 1)
            raise ValueError(f'ImageList: {list_file} line {number}: the label {twice} stands there twice, so the '
                             f'labels are no class numbers; {mend}, or correct the line')
    widths, used = {len(labels) for _, _, labels in entries}, {label for _, _, labels in entries for label in labels}
    if multi_hot is None and len(widths) == 1 and min(widths) > 1 and used <= {0, 1}:
        raise ValueError(f'ImageList: every line of {list_file} has {min(widths)} labels, all of them 0 or 1; {mend}, '
                         'or multi_hot=False if these are the class numbers 0 and 1')


def multi_hot_matrix(list_file, entries, tags, classes=None):
    """Lines of a 0 or 1 (or -1, unknown) for each class as a float matrix (N, C), and the C names.

    Args:
        list_file: the file, for the message.
        entries, tags: of :func:`read_list_file`.
        classes: the names; None = those of the heading, else the numbers from 0.

    Raises:
        ValueError: another number, or another number of them than there are classes.
    """
    classes = list(classes or tags or map(str, range(len(entries[0][2]))))
    for number, _, labels in entries:
        wrong = [label for label in labels if label not in (-1, 0, 1)]
        if wrong or len(labels) != len(classes):
            found = f'{wrong[0]}' if wrong else f'{len(labels)} numbers'
            raise ValueError(f'ImageList: {list_file} line {number} has {found} where a 0, 1 or -1 (unknown) must '
                             f'stand for each of the {len(classes)} classes ({", ".join(map(str, classes[:3]))}, ...)')
    return torch.tensor([labels for _, _, labels in entries], dtype=torch.float32), classes


@DATASETS.register_module()
class ImageList(FileDataset):
    """The images of a list file: lines of ``path``, ``path label``, ``path label label ...`` or ``path 0 1 0 ...``.

    Fields are separated by spaces, tabs or commas; labels are class numbers from 0. Images are in the order of the
    lines.

    Args:
        list_file: the file.
        data_prefix: folder that the paths are relative to; empty = the working directory.
        classes: names of the classes; None = the numbers from 0 to the largest label.
        multi_label: True gives labels as a 0/1 matrix (N, classes), where a line may have any number of labels; False
            demands exactly one; None looks whether a line has several.
        multi_hot: True reads a 0, 1 or -1 (unknown) for each class from every line, instead of class numbers; False
            says that they are class numbers. None: a CSV heading that names the classes, as in ``path,cat,dog``, says
            the first; without one, lines that can only be, or look, like this are refused.
        on_error: with ``'skip'``, lines whose file is missing are left out with a count.
        settings: supervision, pipeline, in_memory, size, verify, seed, max_images: see :class:`FileDataset`.

    Raises:
        FileNotFoundError: the list file or an image is missing; the message has the line's number.
        ValueError: no lines, an image with other labels on another line, a label that is no number, stands twice on a
            line or has no class name, lines with and lines without a label, or ``multi_hot`` lines that are not as they
            must be.
    """

    def __init__(self, list_file, data_prefix='', classes=None, multi_label=None, multi_hot=None, on_error='raise',
                 **settings):
        if multi_hot and multi_label is False:
            raise ValueError('ImageList: multi_hot=True gives several labels, which multi_label=False forbids')
        entries, tags = read_list_file(list_file, multi_hot)
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
        check_one_line_each(list_file, present)
        if multi_hot is None:
            multi_hot = len(tags) > 1 and all(len(labels) == len(tags) and set(labels) <= {0, 1}
                                              for _, _, labels in present) or None
        if multi_hot:
            labels, classes = multi_hot_matrix(list_file, present, tags, classes)
        else:
            check_class_numbers(list_file, present, multi_hot)
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
