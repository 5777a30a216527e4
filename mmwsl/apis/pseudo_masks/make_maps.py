"""Step 2: class maps of every photo, by a trained classifier; and these maps after a model of affinities."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import nn

from mmwsl.apis.build import build_model, get_device
from mmwsl.apis.pseudo_masks.photos import Photo, shown
from mmwsl.checkpoints.read import class_names
from mmwsl.datasets import check_trained_classes
from mmwsl.datasets.readers.map_files import read_maps, write_maps
from mmwsl.models.weak.segmentation import multi_scale_maps, normalize_by_maximum

SCALES = (1.0, 0.5, 1.5, 2.0)


@torch.no_grad()
def make_maps(cfg: Config, checkpoint: Path | str, photos: Sequence[Photo], classes: Sequence[str], out: Path | str,
              scales: Sequence[float] = SCALES, flip: bool = True, longest: int | None = None, stride: int = 4,
              device: torch.device | str | None = None) -> None:
    """Write ``ID.npz`` of every photo to a folder; those that are there already stay.

    Beside the maps of its tags a file has ``scores`` (C,), the classifier's probabilities, and, for what can be said
    without tags, ``other_classes`` and ``other_maps`` of classes above 1/2, or the best one, that are no tags.

    Args:
        cfg, checkpoint: of a network with ``class_maps``.
        photos, classes: of :func:`mmwsl.apis.pseudo_masks.photos.list_photos`.
        out: folder.
        scales, flip: see :func:`mmwsl.models.weak.segmentation.multi_scale_maps`.
        longest: side in pixels to which the photo's long side is resized before; None = as it is.
        stride: maps have 1/stride of the photo's height and width.
        device: where the network runs.

    Raises:
        ValueError: a network without class maps, or of other classes; ``longest`` or ``stride`` below 1.
    """
    if stride < 1 or (longest is not None and longest < 1):
        raise ValueError(f'stride={stride} and longest={longest} must be 1 or more')
    device = torch.device(device or get_device())
    model, meta = build_model(cfg, checkpoint, device, whole=True)
    if not hasattr(model, 'class_maps'):
        raise ValueError(f'{cfg.filename}: {type(model).__name__} makes no class maps; take the recipe of a Localizer '
                         '(weaksup/localization) or of weaksup/segmentation')
    count = getattr(model, 'num_classes', None)
    if count not in (None, len(classes)):
        raise ValueError(f'{checkpoint} has {count} classes, the photos have {len(classes)}; train it on these')
    check_trained_classes(class_names(meta or {}, count), classes, f'the photos, {checkpoint}')
    for photo in shown(photos, 'maps'):
        path = Path(out) / f'{photo.name}.npz'
        if path.is_file():
            continue
        pixels = photo.image()
        images = preprocessed(model, pixels, longest, device)
        size = [-(-side // stride) for side in pixels.shape[1:]]
        maps = multi_scale_maps(model, images, scales, flip, size)[0]
        scores = model.predict(images, [_sample()])[0].pred_scores.float().cpu().numpy()
        tags = np.array(photo.tags)
        said = said_classes(scores)
        own, other = (np.flatnonzero(each) for each in (tags == 1, said & (tags != 1)))
        normalized = normalize_by_maximum(maps).cpu().numpy()
        write_maps(path, own, normalized[own], scores=scores, other_classes=other,
                   other_maps=normalized[other].astype(np.float16))


def said_classes(scores: np.ndarray) -> np.ndarray:
    """bool (C,): what a classifier's probabilities say is there: above 1/2, and the best of several, as a photo of
    many classes shows something; a single class may well be absent."""
    return (scores > 0.5) | ((np.arange(len(scores)) == scores.argmax()) & (len(scores) > 1))


def _sample() -> Any:
    from mmwsl.structures import DataSample
    return DataSample()


def preprocessed(model: Any, pixels: torch.Tensor, longest: int | None, device: torch.device) -> torch.Tensor:
    """A photo, uint8 (3, H, W), as (1, 3, h, w) that the network takes."""
    preprocessor, images = model.data_preprocessor, pixels[None].to(device).float()
    scale = 1.0 if longest is None else longest / max(pixels.shape[1:])
    divisor = getattr(preprocessor, 'divisor', 1)  # stretched to multiples of it, as maps would not fit what is padded
    size = [max(1, round(side * scale / divisor)) * divisor for side in pixels.shape[1:]]
    if size != list(pixels.shape[1:]):
        images = nn.functional.interpolate(
            images, size=size, mode='bilinear', align_corners=False, antialias=True).clamp(0, 255)
    batch: dict[str, Any] = dict(inputs=images.div(255))
    if divisor != 1:
        batch = dict(inputs=list(images), data_samples=[_sample()])
    done: torch.Tensor = preprocessor(batch, training=False)['inputs']
    return done


@torch.no_grad()
def propagate_maps(cfg: Config, checkpoint: Path | str, photos: Sequence[Photo], maps: Path | str, out: Path | str,
                   longest: int | None = None, device: torch.device | str | None = None) -> None:
    """Write the maps of every photo after the random walk of a model of affinities; files that are there stay.

    Args:
        cfg, checkpoint: of a model with ``propagate_maps(image, maps)``, see :mod:`mmwsl.models.weak.segmentation`.
        photos: whose maps are propagated.
        maps: folder of the maps.
        out: folder of what becomes of them.
        longest, device: see :func:`make_maps`.

    Raises:
        ValueError: a model without affinities.
    """
    device = torch.device(device or get_device())
    model, _ = build_model(cfg, checkpoint, device, whole=True)
    if not hasattr(model, 'propagate_maps'):
        raise ValueError(f'{cfg.filename}: {type(model).__name__} has no propagate_maps; take a recipe of PSA or IRN')
    for photo in shown(photos, 'random walk'):
        path = Path(out) / f'{photo.name}.npz'
        if path.is_file():
            continue
        found = read_maps(Path(maps) / path.name)
        images = preprocessed(model, photo.image(), longest, device)
        walked = {}
        for key in ('maps', 'other_maps'):
            values = torch.from_numpy(found[key]).float().to(device)
            after = model.propagate_maps(images, values[None])[0] if len(values) else values
            walked[key] = after.float().clamp(0, 1).cpu().numpy()
        size = next((each.shape[1:] for each in walked.values() if len(each)), found['maps'].shape[1:])
        walked = {key: each if len(each) else each.reshape(0, *size) for key, each in walked.items()}
        write_maps(path, found['classes'], walked['maps'], scores=found['scores'],
                   other_classes=found['other_classes'], other_maps=walked['other_maps'].astype(np.float16))
