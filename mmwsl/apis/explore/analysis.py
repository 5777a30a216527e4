"""What can be found out from the features of photos, stage by stage."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from mmwsl.apis.explore import plane
from mmwsl.apis.explore.photos import Photos
from mmwsl.apis.explore.stages import Arrays, Stages, make_key
from mmwsl.clustering import connected_components, find_groups, nearest_neighbors
from mmwsl.evaluation.functional import near_duplicates, odd_ones, oddness

NEIGHBORS = 30
SHOWN = 10  # of them on the page and in the CSV


def find_neighbors(features: torch.Tensor, key: str, stages: Stages) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and similarities (N, k) of each photo's nearest others."""
    def compute() -> Arrays:
        numbers, similarities = nearest_neighbors(features, NEIGHBORS)
        return dict(numbers=numbers.numpy(), similarities=similarities.numpy())
    kept = stages.run('neighbors', make_key(key, NEIGHBORS), compute)
    return kept['numbers'], kept['similarities']


def find_copies(photos: Photos, numbers: np.ndarray, similarities: np.ndarray) -> tuple[list[list[int]], list[bool]]:
    """Lists of photos that are one picture, and of each list whether its files are equal byte by byte."""
    aspects = photos.sizes[:, 0] / np.maximum(photos.sizes[:, 1], 1)
    pairs = near_duplicates(numbers, similarities, photos.looks, aspects)
    first: dict[str, int] = {}
    equal = [(first[digest], number) for number, digest in enumerate(photos.digests)
             if first.setdefault(digest, number) != number]
    copies = connected_components(np.concatenate([pairs, np.array(equal, np.int64).reshape(-1, 2)]), len(photos))
    return copies, [len({photos.digests[number] for number in members}) == 1 for members in copies]


def find_odd(similarities: np.ndarray) -> list[dict[str, Any]]:
    """dict(photo, score) of the photos that lie far from all others, the oddest first."""
    scores = oddness(similarities)
    return [dict(photo=int(number), score=round(float(scores[number]), 2)) for number in odd_ones(scores)]


def group(features: torch.Tensor, key: str, number: int | None,
          stages: Stages) -> tuple[list[list[int]], dict[int, float]]:
    """Members of each group, the most typical first; silhouettes of the numbers of groups that were tried."""
    if number is not None and not 1 <= number <= len(features):
        raise ValueError(f'--groups {number}: there are {len(features)} photos; choose 1 to {len(features)}')

    def compute() -> Arrays:
        found = find_groups(features, number)
        return dict(order=np.concatenate([np.array(members) for members in found.members]),
                    sizes=np.array([len(members) for members in found.members]),
                    tried=np.array(list(found.silhouettes), dtype=np.int64),
                    silhouettes=np.array(list(found.silhouettes.values()), dtype=np.float64))
    kept = stages.run('groups', make_key(key, number), compute)
    members = np.split(kept['order'], np.cumsum(kept['sizes'])[:-1])
    silhouettes = dict(zip(kept['tried'].tolist(), kept['silhouettes'].tolist(), strict=True))
    return [each.tolist() for each in members], silhouettes


def draw_map(features: torch.Tensor, key: str, stages: Stages, seed: int = 0) -> np.ndarray:
    """A 2-d map (N, 2) in which near photos are near, each axis from 0 to 1; see :func:`plane.embed`."""
    def compute() -> Arrays:
        return dict(xy=plane.embed(F.normalize(features, dim=1).numpy(), seed))
    xy: np.ndarray = stages.run('map', make_key(key, seed, plane.MOST), compute)['xy']
    return xy


def check_photos(photos: Photos, key: str, stages: Stages) -> tuple[list[dict[str, Any]] | None, str | None]:
    """dict(kind, photos) of what cleanvision finds of single photos; None, and the reason, where it does not run."""
    try:
        from cleanvision import Imagelab
    except ImportError:
        return None, 'blur, darkness and odd shapes were not looked for: pip install cleanvision'
    kinds = ('blurry', 'dark', 'light', 'low_information', 'odd_aspect_ratio', 'odd_size')

    def compute() -> Arrays:
        lab = Imagelab(filepaths=photos.paths)
        lab.find_issues({kind: {} for kind in kinds}, n_jobs=1, verbose=False)
        rows = lab.issues.reindex(photos.paths)
        return {kind: np.flatnonzero(rows[f'is_{kind}_issue'].to_numpy(dtype=bool)) for kind in kinds}
    found = stages.run('checks', key, compute)
    return [dict(kind=kind.replace('_', ' '), photos=found[kind].tolist()) for kind in kinds if len(found[kind])], None
