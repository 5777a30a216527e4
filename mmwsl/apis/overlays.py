"""Picture of what models find: images in rows, one column per model."""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from mmwsl.apis.build import build_dataset, build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.fine_tune import innermost
from mmwsl.checkpoints.read import trained_classes
from mmwsl.datasets import check_trained_classes, collate_bags, collate_batch, evenly_spaced
from mmwsl.engine.hooks.runtime_info import check_classes
from mmwsl.evaluation.functional.localization import boxes_from_map
from mmwsl.structures import DataSample
from mmwsl.visualization import check_picture, overlay, paint_attention, patch_boxes, save_figure

Models = Sequence[tuple[str, Path | str, Path | str]]  # name, config, checkpoint
Columns = list[tuple[str, list[np.ndarray], list[str]]]  # a title, its pictures and what is written on each


def overlays(models: Models, out: Path | str, count: int = 8, threshold: float = 0.2, enlarge: int = 3,
             maps: str | None = None, layer: str | None = None, data: Path | str | None = None,
             data_format: str | None = None) -> Path:
    """Draw ``count`` images of the first model's test set, with every model's map of the true class and its box.

    An image with several tags has a row for each; of one without labels it is the map of the model's best class. Both
    name the class on the picture. True boxes are drawn where the test set has some. Of models of bags the images are
    positive bags of patches (:class:`mmwsl.datasets.SceneBags`): the attention, or the gradient score, is painted back
    as a share of its largest value, the true patches green, the best one red. Of weak detectors it is the best box of
    each tag.

    Args:
        models: list of (name, config, checkpoint); of localizers, or, with ``maps``, of any classifier; or all of
            :class:`mmwsl.models.weak.BagClassifier`, or of :class:`mmwsl.models.weak.WeakDetector`.
        out: picture to write.
        count: images, evenly spaced.
        threshold: of the boxes; bags have none.
        enlarge: how many times as large images are drawn.
        maps, layer: what to show instead of the configs' own maps; see :class:`mmwsl.models.weak.Localizer`.
        data, data_format: a user's own photos in the place of every config's data; see
            :func:`mmwsl.datasets.own.read_own_data`.

    Returns:
        Path of the picture.

    Raises:
        ValueError: no model, a config without images, or without bags of patches, to test on, or with ``maps`` a model
            that is no classifier; the classes of a model and of the test set are not the same; ``out`` is of no kind
            of picture.
        OSError: ``out`` cannot be written.
    """
    if not models:
        raise ValueError('overlays need at least one model: a name, a config and a checkpoint')
    out = check_picture(out)
    options = None if data is None else dict(data=data, data_format=data_format)
    configs = [load_config(config, options) for _, config, _ in models]
    if not configs[0].get('test_dataloader'):
        raise ValueError(f'{configs[0].filename} has no test_dataloader, so there is no image with a box to draw')
    for config in configs if maps is not None else ():
        if config.model.type not in ('ImageClassifier', 'Localizer', 'Supervised'):
            raise ValueError(f'{config.filename}: maps={maps!r} are of an ImageClassifier, a Localizer or a '
                             f'Supervised, not of {config.model.type}')
        config.model.update(type='Localizer', maps=maps, layer=layer)
    draws = {DRAWN.get(config.model.type, _draw_boxes) for config in configs}
    if len(draws) > 1:
        raise ValueError('overlays of bags, of weak detectors and of class maps do not stand in one picture; draw each '
                         'kind')
    return _save(draws.pop()(models, configs, count, threshold, enlarge), out)


def _predictions(models: Models, configs: Sequence[Config],
                 dataset: Any, batch: dict[str, Any]) -> Iterator[tuple[str, list[DataSample], list[str]]]:
    """Yield each model's name, its predictions, one sample per image, and the classes that it was trained with.

    Raises:
        ValueError: these are not those of ``dataset``.
    """
    for (name, _, checkpoint), config in zip(models, configs, strict=True):
        model, meta = build_model(config, checkpoint, whole=True)
        check_classes(model, dataset)
        check_trained_classes(_learnt_classes(config, meta), dataset.metainfo.get('classes'),
                              f'the test set of {configs[0].filename}, {name}')
        with torch.no_grad():
            data = model.data_preprocessor(dict(inputs=batch['inputs'], data_samples=copy.deepcopy(batch['data_samples'])))
            found = model(**data, mode='predict')
        yield name, found, trained_classes(dict(meta=meta)) or []


def _learnt_classes(config: Config, meta: dict[str, Any] | None) -> list[str] | None:
    """Names of a model's classes, as far as its checkpoint or its config's training data say them."""
    training = (config.get('train_dataloader') or {}).get('dataset')
    return trained_classes(dict(meta=meta)) or (innermost(training).get('classes') if training else None)


def _draw_boxes(models: Models, configs: Sequence[Config], count: int, threshold: float, enlarge: int) -> Columns:
    dataset = build_dataset(configs[0].test_dataloader.dataset)
    batch = collate_batch([dataset[int(index)] for index in evenly_spaced(len(dataset), count)])
    images = batch['inputs'].permute(0, 2, 3, 1).numpy()
    true = [boxes.tolist() for boxes in batch['data_samples'].get('gt_boxes', [torch.empty(0, 4)] * len(images))]
    rows = _rows(batch['data_samples'].get('gt_label'), len(images))
    columns: Columns = [('image', [overlay(images[row], true=true[row], enlarge=enlarge) for row, _, _ in rows],
                         [''] * len(rows))]
    for name, found, classes in _predictions(models, configs, dataset, batch):
        pictures, captions = [], []
        for row, position, named in rows:
            values, label = found[row].pred_maps[position].float().cpu().numpy(), found[row].pred_map_labels[position]
            pictures.append(overlay(images[row], values, boxes_from_map(values, threshold), true[row], enlarge=enlarge))
            captions.append(_class_name(int(label), classes or list(dataset.classes)) if named else '')
        columns.append((name, pictures, captions))
    return columns


def _rows(labels: torch.Tensor | None, count: int) -> list[tuple[int, int, bool]]:
    """Rows of a picture of ``count`` images: number of the image, which of its maps is shown, and whether it is named.

    Maps are of the best classes first and of the true ones last.
    """
    if labels is None:
        return [(row, 0, True) for row in range(count)]
    if labels.ndim == 1:
        return [(row, -1, False) for row in range(count)]
    tags = (labels > 0).sum(1).tolist()
    return [(row, position, True) for row in range(count) for position in range(-tags[row], 0) or (0,)]


def _class_name(label: int, classes: list[str]) -> str:
    return str(classes[label]) if label < len(classes) else f'class {label}'


def _draw_bags(models: Models, configs: Sequence[Config], count: int, threshold: float, enlarge: int) -> Columns:
    dataset = build_dataset(configs[0].test_dataloader.dataset)
    if not hasattr(dataset, 'grid') or dataset.supervision != 'full':
        raise ValueError(f"{configs[0].filename}: the test set must be bags of an image's patches with their truth, as "
                         "SceneBags with supervision='full'")
    positive = torch.nonzero(dataset.targets.any(1))[:, 0]
    rows = positive[evenly_spaced(len(positive), count)].tolist()
    images, size = dataset.images[rows].permute(0, 2, 3, 1).numpy(), dataset.images.shape[2:]
    boxes = patch_boxes(dataset.grid, size)
    true = [boxes[patches] for patches in dataset.targets[rows].numpy()]
    blank = [''] * len(images)
    columns: Columns = [('image', [overlay(image, true=each, enlarge=enlarge)
                                   for image, each in zip(images, true, strict=True)], blank)]
    for name, found, _ in _predictions(models, configs, dataset, collate_bags([dataset[i] for i in rows])):
        shares = [sample.pred_instance_scores.float().cpu().numpy() for sample in found]
        shares = [share / share.max().clip(min=1e-12) for share in shares]
        columns.append((name, [
            overlay(image, paint_attention(share, dataset.grid, size), boxes[[share.argmax()]], each, enlarge=enlarge)
            for image, share, each in zip(images, shares, true, strict=True)], blank))
    return columns


def _draw_top_boxes(models: Models, configs: Sequence[Config], count: int, threshold: float, enlarge: int) -> Columns:
    dataset = build_dataset(configs[0].test_dataloader.dataset)
    items = [dataset[int(index)] for index in evenly_spaced(len(dataset), count)]
    batch = dict(inputs=[item['inputs'] for item in items], data_samples=[item['data_samples'] for item in items])
    images = [image.permute(1, 2, 0).numpy() for image in batch['inputs']]
    true = [(sample.gt_boxes, sample.gt_box_labels) for sample in batch['data_samples']]
    rows = [(row, int(label)) for row, (_, labels) in enumerate(true) for label in labels.unique()]
    columns: Columns = [('image', [overlay(images[row], true=true[row][0][true[row][1] == label].tolist(),
                                           enlarge=enlarge) for row, label in rows],
                         [_class_name(label, list(dataset.metainfo['classes'])) for _, label in rows])]
    for name, found, _ in _predictions(models, configs, dataset, batch):
        factors = [torch.tensor(sample.get('scale_factor') or (1.0, 1.0)).repeat(2) for sample in batch['data_samples']]
        columns.append((name, [
            overlay(images[row], found=[(found[row].pred_top_boxes[label].cpu() * factors[row]).tolist()],
                    true=true[row][0][true[row][1] == label].tolist(), enlarge=enlarge) for row, label in rows],
            [''] * len(rows)))
    return columns


DRAWN = dict(BagClassifier=_draw_bags, WeakDetector=_draw_top_boxes, BoxBaseline=_draw_top_boxes)


def _save(columns: Columns, out: Path | str) -> Path:
    """Save a figure of (name, pictures, captions), one column each."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(2 * len(columns), 2 * len(columns[0][1]) + 0.4), layout='constrained')
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(columns[0][1]), len(columns), squeeze=False)
    for column, (name, pictures, captions) in enumerate(columns):
        grid[0, column].set_title(name.replace('_', ' '), fontsize=10)
        for axes, picture, caption in zip(grid[:, column], pictures, captions, strict=True):
            axes.imshow(picture)
            if caption:
                axes.text(0.03, 0.97, caption, transform=axes.transAxes, fontsize=8, verticalalignment='top',
                          color='white', backgroundcolor='black')
            axes.set_axis_off()
    save_figure(figure, out)
    return Path(out)
