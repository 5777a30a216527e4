"""Images with a file of classes each: VOC12aug, Cityscapes, folders of your own."""

import logging
from pathlib import Path

from mmengine.logging import print_log

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.checks import VOID
from mmwsl.datasets.readers.folder import find_images
from mmwsl.datasets.transforms.decode import JPEG_EXTENSIONS
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS
from mmwsl.visualization.predictions import palette


def _names_of(folder, suffix, list_file, on_error):
    """Pairs of a name without its suffix, and the file below ``folder``: all of them, or those of ``list_file``."""
    stem, dot, last = suffix.rpartition('.')
    endings = [stem + each for each in JPEG_EXTENSIONS] if dot + last.lower() in JPEG_EXTENSIONS else [suffix]
    if list_file is None:
        files = find_images(folder, on_error=on_error)
        names = [(file[:-len(ending)], file) for file in files for ending in endings
                 if file.lower().endswith(ending.lower())]
        if len(names) < len(files):
            print_log(f'ClassMaps: {len(files) - len(names)} of {len(files)} images in {folder} do not end in '
                      f'{" ".join(endings)} and are left out', logger='current', level=logging.WARNING)
        return names
    if not Path(list_file).is_file():
        raise FileNotFoundError(f'ClassMaps: the list {list_file} does not exist')
    possible = [suffix, *(variant for ending in endings for variant in (ending, ending.upper()))]
    return [(name, next((name + ending for ending in possible if (folder / (name + ending)).is_file()), name + suffix))
            for name in (line.strip() for line in read_lines(list_file)) if name]


def _checked_values(values, num_classes):
    """``values`` of :class:`ClassMaps` as :func:`read_class_map` takes them."""
    if isinstance(values, str):
        if values != 'voc':
            raise ValueError(f"ClassMaps: values={values!r} is no palette that is known; give 'voc', or a dict of "
                             'colors (red, green, blue) and what they become')
        return {tuple(color): number for number, color in enumerate(palette().tolist())
                if number < (num_classes or VOID) or number == VOID}
    colored = [isinstance(value, tuple) for value in values or ()]
    if any(colored) and not all(colored):
        raise ValueError(f'ClassMaps: values={values} has both numbers and colors; maps are of one kind')
    parts = [number for value, becomes in (values or {}).items()
             for number in (*(value if isinstance(value, tuple) else (value,)), becomes)]
    wrong = [number for number in parts if number not in range(256)]
    if wrong:
        raise ValueError(f'ClassMaps: values={values}: {wrong[0]!r} is no number from 0 to 255')
    short = [value for value in values or () if isinstance(value, tuple) and len(value) != 3]
    if short:
        raise ValueError(f'ClassMaps: values={values}: {short[0]} is no color (red, green, blue)')
    return values


@DATASETS.register_module()
class ClassMaps(AnnotatedDataset):
    """Images, each with an image file of the same size whose pixel values are classes: 0 is class 0, 255 is void.

    ``data_samples.gt_mask`` comes with ``supervision='full'``.

    Args:
        images: folder of the images; all below it, unless ``list_file`` names some.
        maps: folder of the class maps; a map has the image's name below the folder.
        image_suffix, map_suffix: what the names end in; Cityscapes has ``_leftImg8bit.png`` and
            ``_gtFine_labelTrainIds.png``. Images may also end in it in capitals, and those of ``.jpg`` in any ending
            of a JPEG; other ones are left out with a count.
        list_file: text file of names without a suffix, one a line.
        classes: names of the classes, all that pixels may have; None = not checked.
        values: what values in the files become, where they are not the numbers of the classes: ``{255: 1}`` for masks
            of 0 and 255, ``{0: 255}`` where 0 is void. Values that are not named stay. Or what colors become, where
            maps are in color: ``{(128, 0, 0): 1, ...}`` with all that occur, or ``'voc'`` for VOC's palette.
        settings: supervision, pipeline, on_error, verify, seed, max_images: see :class:`AnnotatedDataset`.

    Raises:
        FileNotFoundError: no such folder or list, or an image without a class map.
        ValueError: no images, maps that are the images themselves, or ``values`` that are not from 0 to 255.
    """

    def __init__(self, images, maps, image_suffix='.jpg', map_suffix='.png', list_file=None, classes=None, values=None,
                 **settings):
        images, maps = Path(images), Path(maps)
        values = _checked_values(values, len(classes) if classes else None)
        self.map_values, self.num_map_values = values, len(classes) if classes else None
        for name, folder in (('images', images), ('maps', maps)):
            if not folder.is_dir():
                raise FileNotFoundError(f'ClassMaps: {folder} does not exist (looked for from {Path.cwd()}); correct '
                                        f'`{name}`')
        if maps.resolve() == images.resolve() and map_suffix == image_suffix:
            raise ValueError(f'ClassMaps: {maps} with {map_suffix} are the images themselves; correct `maps` or '
                             '`map_suffix`')
        names = _names_of(images, image_suffix, list_file, settings.get('on_error', 'raise'))
        if not names:
            raise ValueError(f'ClassMaps: no images (*{image_suffix}) in {list_file or images}')
        files = [maps / f'{name}{map_suffix}' for name, _ in names]
        absent = [file for file in files if not file.is_file()]
        if absent:
            raise FileNotFoundError(f'ClassMaps: {len(absent)} of {len(files)} images have no class map, the first is '
                                    f'{absent[0]}; correct map_suffix, or leave them out with list_file')
        super().__init__([images / file for _, file in names], None, classes,
                         [dict(class_map=file) for file in files], **settings)
