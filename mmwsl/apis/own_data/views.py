"""Pipelines of a recipe for photos of any size: the first crop of its views becomes the data set's."""

from typing import Any

from mmengine.config import Config, ConfigDict

CROP = 'RandomResizedCrop'
DEFAULT_SIZE = 32


def innermost(dataset: ConfigDict) -> ConfigDict:
    """Dataset config below all wrappers."""
    return innermost(dataset.dataset) if isinstance(dataset.get('dataset'), dict) else dataset


def input_size(cfg: Config) -> int:
    """Side in pixels of the photos that a recipe sees: of its crops, of its data set, else 32, as CIFAR's."""
    for transform in _steps(cfg):
        for key in ('crop', 'size'):
            if isinstance(transform.get(key), int):
                return int(transform[key])
        sizes = [crop['size'] for crop in transform.get('crops') or () if 'size' in crop]
        if sizes:
            return int(max(sizes))
    return int((_dataset(cfg) or {}).get('size', DEFAULT_SIZE))


def train_pipeline(cfg: Config) -> list[dict[str, Any]]:
    """Pipeline that makes the views' crops in the workers; those crops leave the views of ``data_preprocessor``.

    A recipe whose data set has a pipeline keeps it. Otherwise its views are of an image in memory: where each begins
    with a random resized crop, that becomes :class:`mmwsl.datasets.RandomCrops`; where none does (patches of jigsaw and
    its like), photos are resized and cropped at random to the recipe's size.

    Raises:
        ValueError: some views begin with a crop and some do not.
    """
    dataset = _dataset(cfg) or {}
    if dataset.get('pipeline'):
        return list(dataset['pipeline'])
    size = input_size(cfg)
    preprocessor = cfg.get('data_preprocessor') or cfg.model.get('data_preprocessor') or {}
    views = preprocessor.get('views') or [[]]
    crops = [view[0] for view in views if view and view[0].get('type') == CROP]
    if not crops:
        return [dict(type='ResizeRandomCrop', resize=round(size * 9 / 8), crop=size)]
    if len(crops) < len(views):
        raise ValueError(f'{cfg.filename}: some views begin with {CROP} and some do not; give the data set a pipeline')
    preprocessor['views'] = [list(view[1:]) for view in views]
    first = crops[0]
    shared = {key: first[key] for key in ('ratio', 'flip_prob', 'interpolation') if key in first}
    return [dict(type='RandomCrops', crops=[
        dict(num=1, size=crop['size'], scale=tuple(crop.get('scale', (0.08, 1.0)))) for crop in crops], **shared)]


def test_pipeline(cfg: Config) -> list[dict[str, Any]]:
    """Pipeline of the test: the recipe's own, or the short side resized by 8/7 of the input size and its center."""
    benchmark = cfg.get('benchmark') or {}
    for dataset in ((cfg.get('test_dataloader') or {}).get('dataset'), benchmark.get('test'), benchmark.get('train')):
        if dataset is not None and innermost(dataset).get('pipeline'):
            return list(innermost(dataset).pipeline)
    size = input_size(cfg)
    return [dict(type='ResizeCenterCrop', resize=round(size * 8 / 7), crop=size)]


def _steps(cfg: Config) -> list[ConfigDict]:
    dataset = _dataset(cfg) or {}
    preprocessor = cfg.get('data_preprocessor') or (cfg.get('model') or {}).get('data_preprocessor') or {}
    return [*(dataset.get('pipeline') or ()), *(step for view in preprocessor.get('views') or () for step in view[:1])]


def _dataset(cfg: Config) -> ConfigDict | None:
    loader = cfg.get('train_dataloader') or cfg.get('test_dataloader')
    return None if loader is None else innermost(loader.dataset)
