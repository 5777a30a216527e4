"""A page of what a single-stage model assigns: photo, auxiliary map, map, the two mixed, prediction and truth."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.build import build_dataset, build_model, get_device
from mmwsl.apis.config import load_config
from mmwsl.apis.pseudo_masks.sheet import names_of, paint, save_sheet
from mmwsl.datasets import evenly_spaced, read_class_map
from mmwsl.models.weak.segmentation.one_stage.single_stage import SingleStageModel, assign, resize
from mmwsl.visualization import check_picture, overlay

COLUMNS = ('photo', 'auxiliary map', 'map', 'the two mixed', 'prediction', 'truth')


def assignment_sheet(config: Path | str, checkpoint: Path | str, out: Path | str, count: int = 12,
                     options: dict[str, Any] | None = None) -> Path:
    """Draw ``count`` photos of a single-stage config's test set, evenly spaced.

    Maps are as they are made for labels, of the true tags, at several scales and mirrored, each in [0, 1]; drawn is the
    largest at each position, and the class that it is of, if above a half, is named. Mixed is their mean, as the labels
    of both count half. The prediction knows what the config says, and no tags unless it has ``true_tags``.

    Args:
        config: of ``CoSA`` or ``ToCo``.
        checkpoint: file of it.
        out: picture to write.
        options: overrides of the config.

    Returns:
        Path of the picture.

    Raises:
        ValueError: the model has no two maps; the test set has no tags; ``out`` is of no kind of picture.
        FileNotFoundError: no such checkpoint.
    """
    out, cfg = check_picture(out), load_config(config, options)
    model, _ = build_model(cfg, checkpoint, get_device(), whole=True)
    if not isinstance(model, SingleStageModel):
        raise ValueError(f'{config}: {type(model).__name__} has no auxiliary map to draw; give a config of CoSA or '
                         'ToCo')
    dataset = build_dataset(cfg.test_dataloader.dataset)
    classes = [name for name in dataset.metainfo.get('classes') or () if name != 'background']
    return save_sheet([_row(model, dataset[row], classes) for row in evenly_spaced(len(dataset), count).tolist()],
                      COLUMNS, out)


@torch.no_grad()
def _row(model: SingleStageModel, item: dict[str, Any], classes: list[str]) -> list[tuple[np.ndarray, str]]:
    pixels, sample = item['inputs'].permute(1, 2, 0).numpy(), item['data_samples']
    images = model.data_preprocessor(dict(inputs=item['inputs'][None], data_samples=[sample]), False)['inputs']
    found = assign(model.network, images, model.tags([sample], images.device), model.assignment_scales)
    truth = _truth(sample, pixels.shape[:2])
    maps = [resize(each, pixels.shape[:2])[0] for each in (found.auxiliary_maps, found.maps)]
    maps.append((maps[0] + maps[1]) / 2)
    predicted = model(images, [sample], mode='predict')[0].pred_mask
    masks = [_at(predicted.cpu().numpy().astype(np.uint8), pixels), truth]
    return [(pixels, ''), *(_heat(pixels, each, classes) for each in maps),
            *((pixels // 3 if mask is None else paint(pixels, mask), names_of(mask, classes)) for mask in masks)]


def _heat(pixels: np.ndarray, maps: torch.Tensor, classes: list[str]) -> tuple[np.ndarray, str]:
    largest, which = maps.max(0)
    named = which[largest > 0.5].unique().tolist()
    return overlay(pixels, largest.clamp(0, 1).cpu().numpy()), ', '.join(classes[number] for number in named)


def _truth(sample: Any, size: tuple[int, ...]) -> np.ndarray | None:
    if sample.get('class_map') is not None:
        mask = np.asarray(read_class_map(sample.class_map, sample.get('class_map_values')))
    elif 'gt_mask' in sample:
        mask = sample.gt_mask.cpu().numpy()
    else:
        return None
    return _at(mask, np.empty((*size, 3)))


def _at(mask: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """A mask (H, W) in pixels of the network's input, by its nearest values."""
    import cv2
    if mask.shape == pixels.shape[:2]:
        return mask
    return cv2.resize(mask.astype(np.uint8), pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST)
