"""ImageNet: the validation images in folders of their classes."""

import functools
import os
import shutil

from mmwsl.datasets.prepare.files import existing_folder, inner_path, read_list
from mmwsl.files import check_writable_folder, write_atomically
from mmwsl.progress import progress_bar


def imagenet_val(images, labels, out):
    """ImageNet's validation images, which come in one folder, in folders of their classes.

    Files are linked where the disk allows, else copied.

    Args:
        images: folder of ``ILSVRC2012_val_*.JPEG``.
        labels: text file with a line ``NAME CLASS`` for each; the class is the name of its training folder.
        out: folder to make, e.g. ``data/imagenet/val``.

    Returns:
        tuple: numbers of images and of classes.

    Raises:
        FileNotFoundError: the folder or the list is missing.
        ValueError: an image without a label or with two, or that lies in ``out`` under another class, a label without
            an image, a line of another form, or a class that is a number: it would not tell which training folder is
            meant; or that leads out of ``out``.
        OSError: ``out`` cannot be written.
    """
    images, out = existing_folder(images, 'unpack ILSVRC2012_img_val.tar there'), check_writable_folder(out)
    classes = {}
    for number, line in enumerate(read_list(labels), start=1):
        words = line.replace(',', ' ').rsplit(None, 1)
        if len(words) != 2 or words[1].isdigit():
            raise ValueError(f'{labels} line {number}: {line!r} is not NAME CLASS with the name of a training folder, '
                             'such as n01440764')
        label = inner_path(words[1], f'{labels} line {number}')
        if classes.setdefault(words[0], label) != label:
            raise ValueError(f'{labels} line {number}: {words[0]} is of class {label} here and of '
                             f'{classes[words[0]]} in an earlier line; remove the wrong one')
    found = {path.name for path in images.iterdir() if path.suffix.lower() == '.jpeg'}
    for missing, problem in ((found - set(classes), f'have no line in {labels}'),
                             (set(classes) - found, f'are not in {images}')):
        if missing:
            raise ValueError(f'{len(missing)} images {problem}, the first is {min(missing)}')
    stale = [path for path in sorted(out.glob('*/*')) if classes.get(path.name, path.parent.name) != path.parent.name]
    if stale:
        raise ValueError(f'{out} holds {len(stale)} images of an earlier run in other classes than {labels} says, the '
                         f'first is {stale[0]}; remove {out}')
    for name in progress_bar(sorted(found), 'images', unit='image'):
        target = out / classes[name] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            try:
                os.link(images / name, target)
            except OSError:
                with open(images / name, 'rb') as source:
                    write_atomically(target, functools.partial(shutil.copyfileobj, source))
    return len(found), len(set(classes.values()))
