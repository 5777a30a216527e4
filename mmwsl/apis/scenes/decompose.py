"""A photo and masks of its objects' visible parts, taken apart into whole objects and a background."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.logging import print_log

from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.datasets.annotated import rasterize
from mmwsl.datasets.readers.coco import annotations_of, masks_of_shapes
from mmwsl.datasets.readers.coco_file import read_instances
from mmwsl.datasets.readers.scenes.scene_files import write_scene
from mmwsl.files import check_writable
from mmwsl.models.scenes import ContentBaseline
from mmwsl.ops.occlusion.layers import SceneLayers
from mmwsl.structures import DataSample

Network = tuple[str, str]  # config and checkpoint
BACKGROUNDS = ('network', 'opencv')


def read_masks(path: Path | str, height: int, width: int,
               photo: Path | str | None = None) -> tuple[np.ndarray, list[str]]:
    """Masks (N, height, width) of an image's objects and a name for each.

    Args:
        path: a picture of numbers (PNG, grey or 16 bits), 0 = background and k = object k; a NumPy file (.npy) of bool
            (N, H, W); or a file in COCO's layout (.json), of which crowds and empty masks are left out.
        photo: the image, by whose name it is found in COCO's layout; None where the file has only one.

    Raises:
        FileNotFoundError: no such file.
        ValueError: none of the three, the image is not in the file, another size than the image's, or no object.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'masks {path} do not exist')
    names = None
    if path.suffix == '.json':
        masks, names = _masks_of_coco(path, height, width, photo)
    elif path.suffix == '.npy':
        masks = np.load(path, allow_pickle=False)
        if masks.ndim != 3:
            raise ValueError(f'{path} has shape {masks.shape}; masks are (objects, height, width)')
        masks = masks.astype(bool)
    else:
        numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if numbers is None or numbers.ndim != 2:
            raise ValueError(f'{path} is no grey picture of numbers, 0 = background and k = object k')
        masks = numbers[None] == np.unique(numbers[numbers > 0])[:, None, None]
    if masks.shape[1:] != (height, width):
        raise ValueError(f'{path} is of {masks.shape[1]} x {masks.shape[2]} pixels, its image of {height} x {width}')
    if not len(masks):
        raise ValueError(f'{path} has no object')
    return masks, names or [f'object {number}' for number in range(len(masks))]


def _masks_of_coco(path: Path, height: int, width: int, photo: Path | str | None) -> tuple[np.ndarray, list[str]]:
    """Masks (N, height, width) of one image of a file in COCO's layout, and each one's class and number."""
    content = read_instances(path)
    images = [each for each in content['images'] if photo is None or Path(each['file_name']).name == Path(photo).name]
    if len(images) != 1:
        raise ValueError(f'{path} has {len(images)} images' + ('; name the photo' if photo is None else
                                                               f' of the name {Path(photo).name}; it needs one'))
    size = images[0].get('width', width), images[0].get('height', height)
    names = {each['id']: each['name'] for each in content['categories']}
    objects = [each for each in content['annotations'] if each['image_id'] == images[0]['id'] and not each['iscrowd']]
    annotation, = annotations_of(dict(content, images=images, annotations=objects), {each: each for each in names},
                                 str(path))
    masks = rasterize(masks_of_shapes(annotation, path, size), size[1], size[0])
    kept = masks.any((1, 2))
    labels = annotation['box_labels'][kept].tolist()
    return masks[kept], [f'{names[label]} {number}' for number, label in enumerate(labels)]


def layers_of(image: np.ndarray, sample: DataSample, names: Sequence[str] | None = None) -> SceneLayers:
    """Layers of what networks of scenes predicted: ``pred_order``, ``pred_amodal_masks``, ``pred_contents`` and
    ``pred_background`` beside ``gt_instance_masks``, the visible parts. Where an object is seen, its pixels are the
    image's (H, W, 3)."""
    modal = sample.gt_instance_masks.cpu().numpy().astype(bool)
    shapes = sample.pred_amodal_masks.cpu().numpy().astype(bool)
    contents = np.ascontiguousarray(sample.pred_contents.cpu().numpy().transpose(0, 2, 3, 1)) * shapes[..., None]
    contents = np.where(modal[..., None], image, contents)
    background = np.ascontiguousarray(sample.pred_background.cpu().numpy().transpose(1, 2, 0))
    return SceneLayers(background, contents.astype(np.uint8), shapes | modal,
                       sample.pred_order.cpu().numpy().astype(np.int8),
                       tuple(names or (f'object {number}' for number in range(len(modal)))))


def decompose(image: np.ndarray, masks: np.ndarray, shapes: Network | Any, content: Network | Any | None = None,
              names: Sequence[str] | None = None, out: Path | str | None = None, gap: int | None = None,
              grow: int = 3, device: str = 'cpu', background: str = 'network',
              above: Sequence[tuple[int, int]] = ()) -> SceneLayers:
    """Take a photo apart.

    Args:
        image: (H, W, 3) uint8 RGB.
        masks: bool (N, H, W), visible parts, drawn or predicted.
        shapes: config and checkpoint of a :class:`PCNetM`, or such a model: it gives order and whole shapes.
        content: config and checkpoint of a :class:`PCNetC`, or such a model: it paints what is hidden, and the
            background; None: OpenCV's in-painting.
        names: of the objects.
        out: file for the scene, see :func:`mmwsl.datasets.readers.scenes.scene_files.write_scene`.
        gap: pixels that predicted masks leave between objects that touch, see :func:`in_contact`; None as in the
            config.
        grow: pixels around the masks that are no background either, as drawn masks leave some of an object's edge
            outside; 0 for masks that are exact.
        device: where the networks run.
        background: ``'network'``: ``content`` paints it; ``'opencv'``: OpenCV's in-painting does.
        above: pairs of an object in front and one behind, where a person knows better than the network; whole shapes
            are completed by that order.

    Raises:
        ValueError: masks of another size than the image, an unknown background, or a pair of objects that there are
            not.
        OSError: ``out`` cannot be written.
    """
    if masks.shape[1:] != image.shape[:2]:
        raise ValueError(f'masks of {masks.shape[1:]} pixels do not fit an image of {image.shape[:2]}')
    for pair in above:
        if len(set(pair)) != 2 or not all(0 <= each < len(masks) for each in pair):
            raise ValueError(f'above={tuple(pair)} names no two of {len(masks)} objects, which are numbered from 0')
    if background not in BACKGROUNDS:
        raise ValueError(f'background={background!r} is unknown; choose {" or ".join(BACKGROUNDS)}')
    if out is not None:
        check_writable(out)
    sample = DataSample(gt_instance_masks=torch.from_numpy(np.ascontiguousarray(masks, dtype=bool)).to(device),
                        gt_box_labels=torch.zeros(len(masks), dtype=torch.int64, device=device))
    sample.set_metainfo(dict(above=[tuple(pair) for pair in above]))
    first = load_network(shapes, device)
    if gap is not None:
        first.gap = gap
    fills = ContentBaseline('diffusion', data_preprocessor=first.data_preprocessor)
    painter = fills if content is None else load_network(content, device)
    pixels = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]

    def run(model: Any) -> DataSample:
        model.grow = grow
        ready = model.eval().to(device).data_preprocessor(dict(inputs=pixels, data_samples=None), training=False)
        return model(ready['inputs'], [sample], mode='predict')[0]

    run(first)
    sample = run(painter)
    if background == 'opencv' and painter is not fills:
        contents = sample.pred_contents
        sample = run(fills)
        sample.pred_contents = contents
    layers = layers_of(image, sample, names)
    if out is not None:
        write_scene(out, layers)
        print_log(f'{out}: {len(masks)} objects, {int((layers.order > 0).sum())} pairs of which one hides the other',
                  logger='current', level=logging.INFO)
    return layers


def load_network(described: Network | Any, device: str) -> Any:
    """The model of a config and a checkpoint, or a model as it is."""
    if isinstance(described, torch.nn.Module):
        return described
    config, checkpoint = described
    return build_model(load_config(config), checkpoint, device=device, whole=True)[0]
