"""Where in photos their tags are: class activation maps of a linear layer on the frozen feature maps."""

import copy
import re
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader

from mmwsl.apis.build import build_model, get_device
from mmwsl.apis.explore.accuracy import fit_components, project
from mmwsl.apis.explore.network import BATCH, Network, input_pipeline
from mmwsl.apis.explore.output import write_csv
from mmwsl.apis.explore.photos import Photos
from mmwsl.apis.explore.stages import Arrays, Stages, make_key
from mmwsl.apis.explore.tags import fit_tags
from mmwsl.datasets.collate import collate_batch
from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.files import write_atomically
from mmwsl.models.weak.localization.maps import class_activation_maps, normalize_maps, resize_maps
from mmwsl.ops.modes import eval_mode
from mmwsl.progress import progress_bar
from mmwsl.visualization import image_uri, overlay

MOST_TAGS, A_TAG = 30, 4  # tags and photos of each that are drawn
ENLARGED = 2  # times the network's own input: maps of twice the detail
SIDE, QUALITY = 224, 80  # of the pictures


def typical_photos(present: np.ndarray, scores: np.ndarray) -> list[tuple[int, int]]:
    """(photo, tag) of the photos with a tag that score highest in it, tag by tag, the most frequent tags.

    Args:
        present: (N, C) of 1 (the photo has the tag), 0 and -1.
        scores: (N, C), of a classifier that has not seen the photo; NaN where it has none.
    """
    chosen = []
    for tag in sorted(np.argsort(-(present == 1).sum(0), kind='stable')[:MOST_TAGS].tolist()):
        with_tag = np.flatnonzero((present[:, tag] == 1) & np.isfinite(scores[:, tag]))
        best = with_tag[np.argsort(-scores[with_tag, tag], kind='stable')[:A_TAG]]
        chosen += [(int(photo), tag) for photo in best]
    return chosen


def tag_weights(features: torch.Tensor, present: np.ndarray) -> torch.Tensor:
    """Weights (C, D) float32 of a linear layer that tells the tags from the features, fitted on every labelled photo.

    Args:
        features: (N, D).
        present: (N, C) of 1, 0 and -1; rows of -1 are left out.
    """
    known = torch.from_numpy(np.flatnonzero((present >= 0).all(1)))
    solution, _ = fit_tags(project(features)[known], torch.from_numpy(present)[known])
    return (fit_components(features)[1] @ solution[:-1]).T.float()


def input_steps(network: Network) -> list[dict[str, Any]]:
    """Steps from a photo to the square that maps are made of: that of the features, with more pixels."""
    return [{name: ENLARGED * value if name in ('resize', 'crop') and isinstance(value, int) else value
             for name, value in step.items()} for step in input_pipeline(network.config)]


@torch.no_grad()
def activation_maps(network: Network, paths: list[str], tags: list[int], weights: torch.Tensor) -> np.ndarray:
    """Maps (M, h, w) float32 in [0, 1] of one tag in each of M photos, on the square that :func:`input_steps` cut.

    Args:
        network: whose last feature maps ``weights`` belong to.
        paths: of the photos.
        tags: the tag of each.
        weights: (C, D) of all tags.

    Raises:
        ValueError: the network has no feature maps of D channels that it averages.
    """
    model, _ = build_model(copy.deepcopy(network.config), network.checkpoint)
    device = torch.device(get_device())
    model.to(device)
    loader = DataLoader(FileDataset(paths, supervision='none', pipeline=input_steps(network)), BATCH,
                        collate_fn=collate_batch)
    found: list[torch.Tensor] = []
    with eval_mode(model), progress_bar(description='maps of the tags', total=len(paths), unit='photo') as bar:
        for batch in loader:
            features = model.backbone(model.data_preprocessor(batch, training=False)['inputs'])
            features = features[-1] if isinstance(features, (list, tuple)) else features
            if features.ndim != 4 or features.shape[1] != weights.shape[1]:
                raise ValueError(f'{network.name} gives {tuple(features.shape)}, no feature maps of {weights.shape[1]} '
                                 'channels: no map of a tag can be made of them')
            for each in features.float():
                maps = class_activation_maps(each[None], weights[tags[len(found)], None].to(device))
                found.append(normalize_maps(maps)[0, 0].cpu())
            bar.update(len(features))
    return torch.stack(found).numpy()


def draw_tag_maps(network: Network, photos: Photos, features: torch.Tensor, tags: list[str], present: np.ndarray,
                  scores: np.ndarray, out: Path, key: str, stages: Stages) -> list[dict[str, Any]]:
    """Draw the tags' maps over their most typical photos, as ``maps/*.jpg`` and a list ``maps/maps.csv``.

    Args:
        network: that of the features.
        photos: N photos.
        features: (N, D).
        tags: C names.
        present: (N, C) of 1, 0 and -1.
        scores: (N, C) of a classifier that has not seen the photo.
        out: folder of all results.
        key: of features and tags.
        stages: where the maps are kept.

    Returns:
        list: dict(photo, tag, picture), a picture being a data URI.

    Raises:
        ValueError: see :func:`activation_maps`.
    """
    chosen = typical_photos(present, scores)

    def compute() -> Arrays:
        return dict(maps=activation_maps(network, [photos.paths[photo] for photo, _ in chosen],
                                         [tag for _, tag in chosen], tag_weights(features, present)))
    maps = torch.from_numpy(stages.run('tag_maps', make_key(key, chosen, ENLARGED), compute)['maps'])
    dataset = FileDataset([photos.paths[photo] for photo, _ in chosen], supervision='none',
                          pipeline=input_steps(network))
    folder = out / 'maps'
    shutil.rmtree(folder, ignore_errors=True)  # of other tags or photos; this folder is ours
    folder.mkdir(parents=True)
    drawn, rows = [], []
    for index, (photo, tag) in enumerate(chosen):
        image = np.ascontiguousarray(dataset[index]['inputs'].permute(1, 2, 0).numpy())
        image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        values = resize_maps(maps[index][None, None], (SIDE, SIDE))[0, 0].clamp(0, 1).numpy()
        picture = overlay(image, values)
        name = f'{tag:02}_{re.sub(r"[^0-9A-Za-z-]+", "_", tags[tag])[:40]}_{index}.jpg'
        coded = cv2.imencode('.jpg', picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        write_atomically(folder / name, coded)
        rows.append((name, photos.names[photo], tags[tag]))
        drawn.append(dict(photo=photo, tag=tags[tag], picture=image_uri(picture, QUALITY)))
    write_csv(folder / 'maps.csv', ('map', 'photo', 'tag'), rows)
    return drawn
