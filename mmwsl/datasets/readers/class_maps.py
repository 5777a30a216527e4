"""Images with a file of classes each: VOC12aug, Cityscapes, folders of your own."""

from pathlib import Path

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.readers.folder import find_images
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class ClassMaps(AnnotatedDataset):
    """Images, each with an image file of the same size whose pixel values are classes: 0 is class 0, 255 is void.

    ``data_samples.gt_mask`` comes with ``supervision='full'``.

    Args:
        images: folder of the images; all below it, unless ``list_file`` names some.
        maps: folder of the class maps; a map has the image's name below the folder.
        image_suffix, map_suffix: what the names end in; Cityscapes has ``_leftImg8bit.png`` and
            ``_gtFine_labelTrainIds.png``.
        list_file: text file of names without a suffix, one a line.
        classes: names of the classes, all that pixels may have; None = not checked.
        values: what values in the files become, where they are not the numbers of the classes: ``{255: 1}`` for masks
            of 0 and 255, ``{0: 255}`` where 0 is void. Values that are not named stay.
        settings: supervision, pipeline, on_error, verify, seed, max_images: see :class:`AnnotatedDataset`.

    Raises:
        FileNotFoundError: no such folder or list, or an image without a class map.
        ValueError: no images, or ``values`` that are not from 0 to 255.
    """

    def __init__(self, images, maps, image_suffix='.jpg', map_suffix='.png', list_file=None, classes=None, values=None,
                 **settings):
        images, maps = Path(images), Path(maps)
        wrong = [number for pair in (values or {}).items() for number in pair if number not in range(256)]
        if wrong:
            raise ValueError(f'ClassMaps: values={values}: {wrong[0]!r} is no number from 0 to 255')
        self.map_values, self.num_map_values = values, len(classes) if classes else None
        for name, folder in (('images', images), ('maps', maps)):
            if not folder.is_dir():
                raise FileNotFoundError(f'ClassMaps: {folder} does not exist (looked for from {Path.cwd()}); correct '
                                        f'`{name}`')
        if list_file is None:
            names = [name.removesuffix(image_suffix) for name in find_images(images) if name.endswith(image_suffix)]
        else:
            if not Path(list_file).is_file():
                raise FileNotFoundError(f'ClassMaps: the list {list_file} does not exist')
            names = [line.strip() for line in read_lines(list_file) if line.strip()]
        if not names:
            raise ValueError(f'ClassMaps: no images (*{image_suffix}) in {list_file or images}')
        files = [maps / f'{name}{map_suffix}' for name in names]
        absent = [file for file in files if not file.is_file()]
        if absent:
            raise FileNotFoundError(f'ClassMaps: {len(absent)} of {len(files)} images have no class map, the first is '
                                    f'{absent[0]}; correct map_suffix, or leave them out with list_file')
        super().__init__([images / f'{name}{image_suffix}' for name in names], None, classes,
                         [dict(class_map=file) for file in files], **settings)
