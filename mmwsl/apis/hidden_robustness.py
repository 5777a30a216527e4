"""Robustness of classifiers to hidden parts: accuracy against the share of hidden cells of the test images."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from mmwsl.apis.build import build_dataset, build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.evaluate import dataset_name
from mmwsl.augment import hidden_cells
from mmwsl.checkpoints.read import trained_classes
from mmwsl.datasets import check_trained_classes, collate_batch
from mmwsl.evaluation.functional import true_class_rank
from mmwsl.files import check_writable, check_writable_folder, write_atomically
from mmwsl.models.base import Model
from mmwsl.models.supervised import ImageClassifier
from mmwsl.progress import progress_bar
from mmwsl.reporting.records import environment
from mmwsl.structures import DataSample
from mmwsl.visualization import line_chart

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def hidden_robustness(models: Sequence[tuple[str, Path | str, Path | str]], out: Path | str, cell: int = 8,
                      shares: Sequence[float] = SHARES, seed: int = 0) -> dict[str, Any]:
    """Top-1 accuracy on the first model's test set, at each share of hidden cells.

    A cell has one random number and is hidden at the shares above it. So every model sees the same cells hidden, in
    batches of any size and on any device, and what one share hides a larger one hides too. They are filled with each
    model's own mean colour, 0 after normalisation. Draws of a model in the test (``test_view``) come from ``seed`` and
    the number of the batch alone.

    Args:
        models: list of (name, config, checkpoint); of :class:`mmwsl.models.supervised.ImageClassifier` with one head,
            such as :class:`mmwsl.models.weak.Localizer`.
        out: folder of ``hidden_robustness.json`` and ``hidden_robustness.svg``.
        cell: side of a cell in pixels of the test images.
        shares: probabilities of a cell to be hidden, in [0, 1].
        seed: of the cells.

    Returns:
        dict: what the JSON holds: ``shares``, ``hidden`` (percent of the pixels hidden at each), ``models``, a list of
        ``name``, ``config``, ``checkpoint`` and ``top1`` (percent, at each share), and how it was made.

    Raises:
        ValueError: no model, two of one name, one that is no such classifier or has other classes than the test set,
            a test set without one class per image, or a cell or share that cannot be.
        OSError: ``out`` cannot be written.
    """
    names = [name for name, _, _ in models]
    if not names or len(set(names)) < len(names):
        raise ValueError(f'give at least one model, each with a name of its own; got {", ".join(names) or "none"}')
    shares = tuple(shares)
    if cell < 1 or not shares or not all(0 <= share <= 1 for share in shares):
        raise ValueError(f'cell={cell} must be 1 pixel or more, and shares={shares} one or more numbers from 0 to 1')
    out = check_writable_folder(out)
    for name in ('hidden_robustness.json', 'hidden_robustness.svg'):
        check_writable(out / name)
    configs = [load_config(config) for _, config, _ in models]
    loader_cfg = configs[0].get('test_dataloader')
    if not loader_cfg:
        raise ValueError(f'{configs[0].filename} has no test_dataloader, so there are no images to score on')
    dataset = build_dataset(loader_cfg.dataset)
    built, metas = zip(*(build_model(config, checkpoint, whole=True)
                         for config, (_, _, checkpoint) in zip(configs, models, strict=True)), strict=True)
    classes = len(dataset.metainfo['classes'])
    for name, model, meta in zip(names, built, metas, strict=True):
        if not isinstance(model, ImageClassifier):
            raise ValueError(f'{name} is a {type(model).__name__}; give an ImageClassifier or a Localizer, which say '
                             'what class an image has')
        if model.num_classes != classes:
            raise ValueError(f'{name} tells {model.num_classes} classes apart, the test set of {configs[0].filename} '
                             f'has {classes}; give models of one data set')
        check_trained_classes(trained_classes(dict(meta=meta)), dataset.metainfo['classes'],
                              f'the test set of {configs[0].filename}, {name}')
    loader = DataLoader(dataset, loader_cfg.get('batch_size', 1), num_workers=loader_cfg.get('num_workers', 0),
                        collate_fn=collate_batch, generator=torch.Generator())
    with torch.random.fork_rng():  # the caller's random state stays as it is
        right, hidden = _count(names, built, loader, cell, shares, seed)
    result = dict(
        dataset=dataset_name(configs[0]), images=len(dataset), cell=cell, seed=seed, shares=list(shares),
        hidden=[round(100 * share, 4) for share in hidden],
        models=[dict(name=name, config=Path(config).name, checkpoint=Path(checkpoint).name,
                     top1=[round(100 * count / len(dataset), 4) for count in right[name]])
                for name, config, checkpoint in models],
        **environment())
    write_atomically(out / 'hidden_robustness.json', json.dumps(result, indent=1) + '\n')
    write_atomically(out / 'hidden_robustness.svg', line_chart(
        {model['name']: ([100 * share for share in shares], model['top1']) for model in result['models']},
        f'hidden cells of {cell} pixels, percent', 'top-1 accuracy, percent'))
    return result


@torch.no_grad()
def _count(names: Sequence[str], models: Sequence[Model], loader: DataLoader, cell: int, shares: Sequence[float],
           seed: int) -> tuple[dict[str, list[int]], list[float]]:
    """Name -> number of images that are right at each share; and the share of pixels hidden at each."""
    right, hidden_pixels, pixels = {name: [0] * len(shares) for name in names}, [0] * len(shares), 0
    generator = torch.Generator().manual_seed(seed)  # on the CPU: the same cells on every device
    images_in_all = len(loader.dataset)  # type: ignore[arg-type]  # torch's Dataset need not have a length; ours do
    bar = progress_bar(total=images_in_all * len(shares) * len(models), description='hidden cells', unit='image')
    for step, batch in enumerate(loader):
        images, labels = batch['inputs'], batch['data_samples'].get('gt_label')
        if not isinstance(labels, torch.Tensor) or labels.ndim != 1 or not isinstance(images, torch.Tensor):
            raise ValueError("the test set must hand over one view and one class number per image: set supervision="
                             "'image' (or stronger) on it, and give a data set of one class per image")
        images = images.float() / 255 if images.dtype == torch.uint8 else images
        sizes, state = torch.full((len(images),), cell), generator.get_state()
        pixels += images[:, 0].numel()
        for number, share in enumerate(shares):
            generator.set_state(state)  # the same random numbers for every share
            hidden = hidden_cells(images, sizes, cell, share, generator)
            hidden_pixels[number] += int(hidden.sum())
            for name, model in zip(names, models, strict=True):
                shown = torch.where(hidden, model.data_preprocessor.mean.cpu(), images)
                torch.manual_seed(seed + step)
                data = model.data_preprocessor(dict(inputs=shown, data_samples=DataSample(gt_label=labels)))
                found = model(**data, mode='predict')
                if 'pred_layer_scores' in found[0]:
                    raise ValueError(f'{name} has {len(found[0].pred_layer_scores)} heads; give a model with one')
                scores = torch.stack([sample.pred_scores for sample in found]).float().cpu()
                right[name][number] += int((true_class_rank(scores, labels) == 0).sum())
                bar.update(len(images))
    bar.close()
    return right, [count / pixels for count in hidden_pixels]
