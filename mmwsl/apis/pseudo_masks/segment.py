"""Step 4: what a segmentor says of the photos of its test, and its score, with what it was given."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import nn

from mmwsl.apis.build import build_dataset, build_model, get_device
from mmwsl.apis.own_data.views import innermost
from mmwsl.datasets import read_class_map
from mmwsl.evaluation.functional import confusion
from mmwsl.models.weak.segmentation import VOID, refine_scores
from mmwsl.progress import progress_bar
from mmwsl.structures import DataSample


@torch.no_grad()
def class_scores(model: Any, item: dict[str, Any], scales: Sequence[float] = (1.0,), flip: bool = False,
                 ) -> torch.Tensor:
    """Probabilities (1 + C, H, W) of a photo's pixels by a segmentor, in those of the file: means over the views.

    Args:
        model: :class:`FCN`.
        item: of a data set: ``inputs`` uint8 (3, h, w) and its sample.
        scales, flip: the views.
    """
    samples = [item['data_samples'].clone()]
    data = model.data_preprocessor(dict(inputs=[item['inputs']], data_samples=samples), training=False)
    scores: torch.Tensor = model.probabilities(data['inputs'], data['data_samples'], scales, flip)[0].cpu()
    return scores


def truth_of(sample: DataSample) -> np.ndarray | None:
    """uint8 (H, W) of the true class map in pixels of the file; None = not known."""
    file = sample.metainfo.get('class_map')
    if file is not None:
        mask: np.ndarray = read_class_map(file, sample.metainfo.get('class_map_values'))
        return mask
    return sample.gt_mask.numpy() if 'gt_mask' in sample else None


def with_tags_only(scores: torch.Tensor, truth: np.ndarray) -> torch.Tensor:
    """Scores (1 + C, H, W) with those of classes that the photo does not show at 0."""
    present = torch.zeros(len(scores), dtype=torch.bool)
    present[[int(value) for value in np.unique(truth) if value != VOID]] = True
    present[0] = True
    return scores * present[:, None, None]


def score_segmentor(cfg: Config, checkpoint: Path | str, dataset: dict[str, Any],
                    variants: dict[str, dict[str, Any]], device: torch.device | str | None = None,
                    ) -> dict[str, np.ndarray]:
    """Confusion matrices of a segmentor on photos with true class maps.

    Args:
        cfg, checkpoint: of the segmentor.
        dataset: config of the photos, with ``supervision='full'``.
        variants: name -> dict of ``scales``, ``flip``, ``with_tags`` and ``refiner`` (needs photos at their own size).

    Raises:
        ValueError: a photo has no true class map.
    """
    device = torch.device(device or get_device())
    model, _ = build_model(cfg, checkpoint, device, whole=True)
    totals: dict[str, np.ndarray] = {}
    for item, _ in _items(dataset):
        truth = truth_of(item['data_samples'])
        if truth is None:
            raise ValueError(f'{dataset.get("type")}: a photo of the test has no true class map; leave the test out')
        views: dict[tuple[Any, ...], torch.Tensor] = {}
        for name, variant in variants.items():
            view = (tuple(variant.get('scales', (1.0,))), bool(variant.get('flip', False)))
            if view not in views:
                views[view] = class_scores(model, item, *view)
            scores = views[view]
            if variant.get('with_tags'):
                scores = with_tags_only(scores, truth)
            if variant.get('refiner'):
                scores = refine_scores(scores, photo_of(item, scores.shape[1:]), **variant['refiner'])
            totals[name] = totals.get(name, 0) + confusion(scores.argmax(0).numpy(), truth, len(scores))
    return totals


def photo_of(item: dict[str, Any], size: Sequence[int]) -> torch.Tensor:
    """uint8 (3, H, W): what the network saw, at the size of the file."""
    inputs: torch.Tensor = item['inputs']
    if tuple(inputs.shape[1:]) == tuple(size):
        return inputs
    return nn.functional.interpolate(inputs[None].float(), size=tuple(size), mode='bilinear', antialias=True)[
        0].round().clamp(0, 255).byte()


def _items(dataset: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    built = build_dataset(dataset)
    with progress_bar(total=len(built), description='segment', unit='photo') as bar:
        for row in range(len(built)):
            yield built[row], row
            bar.update()


def read_masks(cfg: Config, folder: Path) -> None:
    """Make a config train on a folder of photos and masks, all of them, with the pipeline that it has."""
    loader = cfg.train_dataloader
    pipeline = innermost(loader.dataset).get('pipeline')
    loader.dataset = dict(type='OwnData', data=str(folder), format='masks', tags=True, supervision='full',
                          pipeline=pipeline)
