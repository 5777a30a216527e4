"""Pipelines of a recipe for photos of any size: the first crop of its views becomes the data set's."""

import inspect
from typing import Any

from mmengine.config import Config, ConfigDict

from mmwsl.datasets import FileDataset
from mmwsl.registry import DATASETS, TRANSFORMS

CROP = 'RandomResizedCrop'
# What mmwsl.augment.RandomResizedCrop takes for what a view does not say; RandomCrops would take something else.
CROP_DEFAULTS = dict(scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3), flip_prob=0.0, interpolation='bilinear')
DEFAULT_SIZE = 32


def innermost(dataset: ConfigDict) -> ConfigDict:
    """Dataset config below all wrappers."""
    return innermost(dataset.dataset) if isinstance(dataset.get('dataset'), dict) else dataset


def input_size(cfg: Config) -> int:
    """Side in pixels of the photos that a recipe trains on: of its crops, of its data set, else 32, as CIFAR's."""
    for transform in _steps(cfg):
        for key in ('crop', 'size'):
            if isinstance(transform.get(key), int):
                return int(transform[key])
        sizes = [crop['size'] for crop in transform.get('crops') or () if 'size' in crop]
        if sizes:
            return int(max(sizes))
    return memory_size(_dataset(cfg)) or DEFAULT_SIZE


def memory_size(dataset: dict[str, Any] | None) -> int | None:
    """Side in pixels of the images of a data set's config that are held at one size; None of files and of none."""
    while dataset is not None:
        kind = DATASETS.get(dataset['type'])
        arguments = inspect.signature(kind).parameters
        files = inspect.isclass(kind) and issubclass(kind, FileDataset)
        if not files or dataset.get('in_memory'):
            default = arguments['size'].default if 'size' in arguments else getattr(kind, 'side', None)
            size = dataset.get('size', DEFAULT_SIZE if files else default)
            if isinstance(size, int):
                return size
        dataset = dataset.get('dataset')
    return None


def train_pipeline(cfg: Config) -> list[dict[str, Any]]:
    """Pipeline that makes the views' crops in the workers; those crops leave the views of ``data_preprocessor``.

    A recipe whose data set has a pipeline keeps it. Otherwise its views are of an image in memory: where each begins
    with a random resized crop, that becomes :class:`mmwsl.datasets.RandomCrops`, with the same distribution of boxes
    and flips; where none does (patches of jigsaw and its like), photos are resized and cropped at random to the
    recipe's size. Localizers see the whole photo as a square then, as in their test.

    Raises:
        ValueError: some views begin with a crop and some do not, or their crops differ in more than size and scale.
    """
    dataset = _dataset(cfg) or {}
    if dataset.get('pipeline'):
        return list(dataset['pipeline'])
    size = input_size(cfg)
    preprocessor = cfg.get('data_preprocessor') or cfg.model.get('data_preprocessor') or {}
    views = preprocessor.get('views') or [[]]
    crops = [{**CROP_DEFAULTS, **view[0]} for view in views if view and view[0].get('type') == CROP]
    if not crops:
        resize = round(size * 9 / 8)
        square = [dict(type='ResizeToSquare', size=resize)] if is_localizer(cfg) else []
        return [*square, dict(type='ResizeRandomCrop', resize=resize, crop=size)]
    shared = [{key: crop[key] for key in ('ratio', 'flip_prob', 'interpolation')} for crop in crops]
    if len(crops) < len(views) or any(each != shared[0] for each in shared):
        raise ValueError(f'{cfg.filename}: not every view begins with {CROP}, or their ratio, flip_prob or '
                         'interpolation differ, so that one crop of the data set cannot take their place; give '
                         'train_dataloader.dataset a pipeline')
    preprocessor['views'] = [list(view[1:]) for view in views]
    return [dict(type='RandomCrops', crops=[
        dict(num=1, size=crop['size'], scale=tuple(crop['scale'])) for crop in crops], **shared[0])]


def test_pipeline(cfg: Config) -> list[dict[str, Any]]:
    """Pipeline of the test: the recipe's own, or the short side resized by 8/7 of the size that it is tested at and its
    center; of localizers, whose boxes must move along, the whole photo as a square."""
    benchmark = cfg.get('benchmark') or {}
    tested = [dataset for dataset in ((cfg.get('test_dataloader') or {}).get('dataset'), benchmark.get('test'),
                                      benchmark.get('train')) if dataset is not None]
    own = next((list(innermost(each).pipeline) for each in tested if innermost(each).get('pipeline')), None)
    if own is not None and not (is_localizer(cfg) and not moves_boxes(own)):
        return own
    size = next(filter(None, map(memory_size, tested)), None) if own is None else crop_size(own)
    size = size or input_size(cfg)
    if is_localizer(cfg):
        return [dict(type='ResizeToSquare', size=size)]
    return [dict(type='ResizeCenterCrop', resize=round(size * 8 / 7), crop=size)]


def is_localizer(cfg: Config) -> bool:
    """Whether a recipe's network shows where its classes are."""
    return str((cfg.get('model') or {}).get('type', '')).endswith('Localizer')


def moves_boxes(pipeline: list[dict[str, Any]]) -> bool:
    """Whether every transform of a pipeline moves boxes and masks along with the image."""
    return all(getattr(TRANSFORMS.get(step['type']), 'moves_annotations', False) for step in pipeline)


def crop_size(pipeline: list[dict[str, Any]]) -> int | None:
    """Side in pixels of what the last transform of a pipeline leaves, if it says one."""
    size = pipeline[-1].get('crop', pipeline[-1].get('size'))
    return size if isinstance(size, int) else None


def _steps(cfg: Config) -> list[ConfigDict]:
    dataset = _dataset(cfg) or {}
    preprocessor = cfg.get('data_preprocessor') or (cfg.get('model') or {}).get('data_preprocessor') or {}
    return [*(dataset.get('pipeline') or ()), *(step for view in preprocessor.get('views') or () for step in view[:1])]


def _dataset(cfg: Config) -> ConfigDict | None:
    loader = cfg.get('train_dataloader') or cfg.get('test_dataloader')
    return None if loader is None else innermost(loader.dataset)
