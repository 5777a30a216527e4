"""Step 3: masks of the maps, written with their photos as a data set of photos and masks, or as COCO JSON."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.pseudo_masks.make_maps import said_classes
from mmwsl.apis.pseudo_masks.photos import Photo, shown
from mmwsl.datasets import read_class_map
from mmwsl.datasets.readers.map_files import read_maps, write_mask
from mmwsl.datasets.transforms.decode import image_header
from mmwsl.evaluation.functional import confusion
from mmwsl.files import write_atomically
from mmwsl.models.weak.segmentation import VOID, masks_from_maps

FORMS = ('masks', 'coco_json')


@dataclass
class MaskSettings:
    """How maps become masks; see :func:`mmwsl.models.weak.segmentation.masks_from_maps`."""

    threshold: float | tuple[float, float] | None = None
    power: float | tuple[float, float] | None = None
    refiner: dict[str, Any] | None = None

    def mask(self, photo: Photo, maps: dict[str, np.ndarray], with_tags: bool = True, refined: bool = True,
             certain: bool = False) -> np.ndarray:
        """uint8 (H, W): the mask of a photo of what :func:`read_maps` gives.

        Args:
            photo: whose mask.
            maps: its maps.
            with_tags: of the classes it is known to show; False = of those that the classifier says.
            refined: by the refiner, where there is one.
            certain: with one background, the mean of the two where there are two, so that nothing is void.
        """
        classes, values = maps['classes'], maps['maps']
        if not with_tags:
            kept = said_classes(maps['scores'])[classes]
            classes = np.concatenate([classes[kept], maps['other_classes']])
            values = np.concatenate([values[kept], maps['other_maps']])
        image = photo.image()
        threshold, power = ((float(np.mean(each)) if certain and each is not None else each)
                            for each in (self.threshold, self.power))
        mask: np.ndarray = masks_from_maps(
            torch.from_numpy(values.astype(np.float32)), classes.tolist(), image.shape[1:], image, threshold, power,
            self.refiner if refined else None).numpy()
        return mask


def make_masks(photos: Sequence[Photo], classes: Sequence[str], maps: Path | str, out: Path | str,
               settings: MaskSettings, own_test: bool = True) -> dict[str, int]:
    """Write the photos and their masks to ``out/images`` and ``out/masks``, which ``--data`` reads.

    Where there are photos to train on and to test on, these are folders of ``out/train`` and ``out/test``.

    Photos of which no tag is known but that some may be there, and masks that are void everywhere, are left out,
    because nothing can be learnt from them. Masks that are there already stay.

    Args:
        photos, classes: of :func:`mmwsl.apis.pseudo_masks.photos.list_photos`.
        maps: folder of their maps.
        out: folder.
        settings: how maps become masks.
        own_test: photos of the part ``test`` keep their true masks, where there are some.

    Returns:
        dict: numbers of photos ``written``, and ``left_out``.

    Raises:
        ValueError: no mask shows a class.
    """
    left_out, shows, parts = 0, False, {photo.part for photo in photos}
    for photo in shown(photos, 'masks'):
        folder = Path(out) / photo.part if len(parts) > 1 else Path(out)
        path = folder / 'masks' / f'{photo.name}.png'
        if path.is_file():
            mask = read_class_map(path)
        elif own_test and photo.part == 'test' and photo.truth is not None:
            mask = photo.true_mask()
        elif 1 not in photo.tags and -1 in photo.tags:
            mask = None
        else:
            mask = settings.mask(photo, read_maps(Path(maps) / f'{photo.name}.npz'))
        if mask is None or (mask == VOID).all():
            left_out += 1
            continue
        shows = shows or bool(((mask > 0) & (mask < VOID)).any())
        place_photo(photo, folder / 'images')
        if not path.is_file():
            write_mask(path, mask)
    if not shows:
        raise ValueError(f'none of {len(photos)} masks shows a class; lower the threshold of the background '
                         f'({settings.threshold if settings.power is None else settings.power}), or train the '
                         'classifier for longer')
    write_atomically(Path(out) / 'classes.txt', '\n'.join(['background', *classes]) + '\n')
    return dict(written=len(photos) - left_out, left_out=left_out)


def write_truth(photos: Sequence[Photo], classes: Sequence[str], folder: Path) -> None:
    """Write the photos whose truth is known, and their true masks, as :func:`make_masks` writes others."""
    for photo in photos:
        mask = photo.true_mask()
        if mask is not None:
            place_photo(photo, folder / 'images')
            write_mask(folder / 'masks' / f'{photo.name}.png', mask)
    write_atomically(folder / 'classes.txt', '\n'.join(['background', *classes]) + '\n')


def place_photo(photo: Photo, folder: Path) -> Path:
    """Put a photo into a folder under its id: a hard link where the file system has them, else a copy.

    A photo that EXIF turns is written as it is seen, as its mask counts in these pixels.
    """
    from PIL import Image
    turned = photo.upright and image_header(photo.path)[1] != 1
    target = folder / (photo.name + ('.png' if turned else os.path.splitext(photo.path)[1]))
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    if turned:
        picture = Image.fromarray(photo.image().permute(1, 2, 0).numpy())
        write_atomically(target, lambda file: picture.save(file, format='PNG'))
        return target
    try:
        os.link(os.path.realpath(photo.path), target)
    except OSError:  # another file system, or one without links
        with open(os.path.realpath(photo.path), 'rb') as source:
            write_atomically(target, lambda file: shutil.copyfileobj(source, file))
    return target


def score_maps(photos: Sequence[Photo], maps: Path | str, num_classes: int, settings: MaskSettings,
               with_tags: bool = True, refined: bool = True) -> np.ndarray | None:
    """Confusion matrix (1 + C, 1 + C) of masks without void over the photos whose truth is known; None = of none."""
    known = [photo for photo in photos if photo.truth is not None]
    total = np.zeros((num_classes + 1, num_classes + 1), dtype=np.int64)
    for photo in shown(known, 'score'):
        mask = settings.mask(photo, read_maps(Path(maps) / f'{photo.name}.npz'), with_tags, refined, certain=True)
        total += confusion(mask, photo.true_mask(), num_classes + 1)  # type: ignore[arg-type]  # the truth is known
    return total if known else None


def write_coco(out: Path | str, masks: Path | str, classes: Sequence[str], min_pixels: int = 16) -> None:
    """Write ``instances_train.json``, and of the test, and ``images/`` of what :func:`make_masks` wrote to ``masks``.

    Each connected region of a class of ``min_pixels`` or more is an object; void belongs to none.

    Raises:
        ValueError: there are no masks.
    """
    import cv2
    from pycocotools import mask as coco_mask
    out, masks = Path(out), Path(masks)
    categories = [dict(id=number, name=name) for number, name in enumerate(classes, start=1)]
    written = 0
    for part, folder in (('train', masks), ('train', masks / 'train'), ('test', masks / 'test')):
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for file in sorted((folder / 'masks').glob('*.png')):
            mask = read_class_map(file)
            photo, = [each for each in (folder / 'images').glob('*') if each.stem == file.stem]
            target = out / 'images' / photo.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copyfile(photo, target)
            images.append(dict(id=len(images) + 1, file_name=photo.name, width=mask.shape[1], height=mask.shape[0]))
            for value in sorted(set(np.unique(mask).tolist()) - {0, VOID}):
                count, regions = cv2.connectedComponents((mask == value).astype(np.uint8))
                for number in range(1, count):
                    lengths = coco_mask.encode(np.asfortranarray(regions == number).astype(np.uint8))
                    if coco_mask.area(lengths) < min_pixels:
                        continue
                    annotations.append(dict(
                        id=len(annotations) + 1, image_id=len(images), category_id=value, iscrowd=0,
                        bbox=coco_mask.toBbox(lengths).tolist(), area=int(coco_mask.area(lengths)),
                        segmentation=dict(size=lengths['size'], counts=lengths['counts'].decode())))
        written += len(images)
        if images:
            write_atomically(out / f'instances_{part}.json', json.dumps(
                dict(images=images, annotations=annotations, categories=categories)))
    if not written:
        raise ValueError(f'{masks} has no masks; mmwsl masks writes them')
