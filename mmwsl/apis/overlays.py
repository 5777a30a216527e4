"""A picture of where classifiers look: images in rows, one column a model."""

from pathlib import Path

import torch

from mmwsl.apis.build import build_dataset, build_model
from mmwsl.apis.config import load_config
from mmwsl.datasets import collate_batch, evenly_spaced
from mmwsl.evaluation.functional.localization import boxes_from_map
from mmwsl.visualization import overlay


def overlays(models, out, count=8, threshold=0.2, enlarge=3, maps=None, layer=None):
    """Draw ``count`` images of the first model's test set, with every model's map of the true class and its box.

    True boxes are drawn where the test set has some.

    Args:
        models: list of (name, config, checkpoint); of localisers, or, with ``maps``, of any classifier.
        out: picture to write.
        count: images, evenly spaced.
        threshold: of the boxes.
        enlarge: how many times as large images are drawn.
        maps, layer: what to show instead of the configs' own maps; see :class:`mmwsl.models.weak.Localizer`.

    Returns:
        Path of the picture.

    Raises:
        ValueError: no model, a config without images to test on, or with ``maps`` a model that is no classifier.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    if not models:
        raise ValueError('overlays need at least one model: a name, a config and a checkpoint')
    configs = [load_config(config) for _, config, _ in models]
    if not configs[0].get('test_dataloader'):
        raise ValueError(f'{configs[0].filename} has no test_dataloader, so there is no image with a box to draw')
    dataset = build_dataset(configs[0].test_dataloader.dataset)
    batch = collate_batch([dataset[int(index)] for index in evenly_spaced(len(dataset), count)])
    images = batch['inputs'].permute(0, 2, 3, 1).numpy()
    true = [boxes.tolist() for boxes in batch['data_samples'].get('gt_boxes', [torch.empty(0, 4)] * len(images))]
    columns = [('image', [overlay(image, true=boxes, enlarge=enlarge)
                          for image, boxes in zip(images, true, strict=True)])]
    for (name, _, checkpoint), config in zip(models, configs, strict=True):
        if maps is not None:
            if config.model.type not in ('ImageClassifier', 'Localizer', 'Supervised'):
                raise ValueError(f'{config.filename}: maps={maps!r} are of an ImageClassifier, a Localizer or a '
                                 f'Supervised, not of {config.model.type}')
            config.model.update(type='Localizer', maps=maps, layer=layer)
        model, _ = build_model(config, checkpoint)
        with torch.no_grad():
            data = model.data_preprocessor(dict(inputs=batch['inputs'], data_samples=batch['data_samples'].clone()))
            found, = model(**data, mode='predict')
        shown = found.pred_maps[:, -1].float().cpu().numpy()
        columns.append((name, [
            overlay(image, values, boxes_from_map(values, threshold), boxes, enlarge=enlarge)
            for image, values, boxes in zip(images, shown, true, strict=True)]))
    figure = Figure(figsize=(2 * len(columns), 2 * len(images) + 0.4), layout='constrained')
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(images), len(columns), squeeze=False)
    for column, (name, pictures) in enumerate(columns):
        grid[0, column].set_title(name.replace('_', ' '), fontsize=10)
        for axes, picture in zip(grid[:, column], pictures, strict=True):
            axes.imshow(picture)
            axes.set_axis_off()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=100)
    return Path(out)
