"""What a generator is worth as a prior: held-out images degraded, restored, and compared with what needs none."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.build import build_dataset, build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.evaluate import dataset_name
from mmwsl.checkpoints.read import checkpoint_hash
from mmwsl.datasets import evenly_spaced
from mmwsl.evaluation.functional import psnr
from mmwsl.files import append_json_lines, check_writable, write_atomically
from mmwsl.models.generative import AdversarialModel
from mmwsl.models.generative.grids import to_uint8
from mmwsl.models.generative.prior import GenerativePrior, center_hole, degrade, keep_known
from mmwsl.progress import progress_bar
from mmwsl.reporting.records import make_record
from mmwsl.visualization.grids import tile_grid

BASELINES = dict(inpainting='mean_fill', colorization='gray', super_resolution='bicubic')
WAYS = ('progressive', 'noise_alone')


def measure_restoration(config: Path | str, checkpoint: Path | str, out: Path | str | None = None,
                        picture: Path | str | None = None, images: int = 16, tasks: Sequence[str] = tuple(BASELINES),
                        seed: int = 0, method: str | None = None, options: dict[str, Any] | None = None,
                        device: str | None = None, **settings: Any) -> dict[str, float]:
    """Mean PSNR in dB of images of the config's test set, restored by its generator.

    ``TASK_psnr_progressive`` and ``TASK_psnr_noise_alone`` are those of :class:`GenerativePrior`, with blocks of the
    generator set free and without, from the same candidates, and with what is known put back;
    ``inpainting_psnr_mean_fill``, ``colorization_psnr_gray`` and ``super_resolution_psnr_bicubic`` those of the known
    pixels' mean color in the hole, of the gray image, and of the small one enlarged. Of in-painting the hole alone
    counts. ``TASK_wins`` is in how many percent of the images the progressive search beats that.

    Args:
        config: of a generative model, with ``test_dataloader``.
        checkpoint: its weights, or ``'random'``.
        out: JSON-lines file that records are added to.
        picture: .png or .jpg: an image a row; at the left as it is, then for each task what is given, the baseline,
            the two searches.
        images: how many, evenly spaced.
        tasks: some of the three.
        seed: of the candidates.
        method: name for the records; the model's class unless given.
        options: overrides of the config.
        device: where the network runs.
        settings: of :class:`GenerativePrior`: candidates, stages, ...

    Returns:
        dict: metric -> value.

    Raises:
        ValueError: the config is of no generative model, an unknown task, no image, or ``picture`` is no picture's
            name.
    """
    unknown = sorted(set(tasks) - set(BASELINES))
    if unknown or not tasks:
        raise ValueError(f'tasks {", ".join(unknown) or "()"} cannot be measured; choose of {", ".join(BASELINES)}')
    if images < 1:
        raise ValueError(f'images={images} leaves nothing to restore; give 1 or more')
    for file in (out, picture):
        if file is not None:
            check_writable(file)
    if picture is not None and Path(picture).suffix not in ('.png', '.jpg', '.jpeg'):
        raise ValueError(f'{picture} is no picture; let its name end in .png or .jpg')
    cfg, began = load_config(config, options), time.perf_counter()
    model, _ = build_model(cfg, None if checkpoint == 'random' else checkpoint, device, whole=True)
    if not isinstance(model, AdversarialModel):
        raise ValueError(f'{config} is of {type(model).__name__}, which generates no images; `mmwsl configs '
                         'generative/` lists those that do')
    true = _test_images(cfg, images, model)
    scores: dict[str, list[float]] = {}
    tiles, bar = [], progress_bar(total=len(true) * len(tasks), description='restoring', unit='image')
    for number, image in enumerate(true.split(1)):
        tiles.append(_tile(image))
        for task in tasks:
            made = _restored(model, image, task, seed + number, settings)
            tiles += [_tile(each) for each in made.values()]
            where = np.ones(image.shape[2:], bool)
            if task == 'inpainting':
                where = center_hole(image.shape[-1])[0, 0].numpy()
            for way in (BASELINES[task], *WAYS):
                scores.setdefault(f'{task}_psnr_{way}', []).append(psnr(_tile(made[way]), _tile(image), where))
            bar.update(1)
    bar.close()
    values = {name: float(np.mean(each)) for name, each in scores.items()}
    for task in tasks:
        first, second = (np.array(scores[f'{task}_psnr_{way}']) for way in ('progressive', BASELINES[task]))
        values[f'{task}_wins'] = 100 * float((first > second).mean())
    if picture is not None:
        _draw(picture, tiles, 1 + 4 * len(tasks))
    if out is not None:
        _record(out, cfg, checkpoint, method or type(model).__name__.lower(), values, scores,
                dict(images=len(true), seed=seed) | settings
                | ({'stages': [asdict(each) for each in settings['stages']]} if 'stages' in settings else {}),
                time.perf_counter() - began)
    return values


def _test_images(cfg: Any, count: int, model: AdversarialModel) -> torch.Tensor:
    """So many images (N, 3, H, W) of the test set in [-1, 1], on the model's device."""
    dataset = build_dataset(cfg.test_dataloader.dataset)
    drawn = [dataset[int(number)]['inputs'] for number in evenly_spaced(len(dataset), min(count, len(dataset)))]
    stacked = torch.stack([each[0] if isinstance(each, (list, tuple)) else each for each in drawn])
    return stacked.to(next(model.parameters()).device).float() / 127.5 - 1


def _restored(model: AdversarialModel, image: torch.Tensor, task: str, seed: int,
              settings: dict[str, Any]) -> dict[str, torch.Tensor]:
    """What is given, the baseline, and both searches, images (1, 3, H, W)."""
    hole = center_hole(image.shape[-1]).to(image.device)
    kept = degrade(image, task, hole)
    baseline = kept
    if task == 'inpainting':
        mean = kept.sum((2, 3), keepdim=True) / (~hole).sum()  # the hole holds zeros
        baseline = torch.where(hole, mean, kept)
    made = dict(given=kept) | {BASELINES[task]: baseline}
    for way in reversed(WAYS):
        with torch.random.fork_rng(devices=[image.device] if image.device.type == 'cuda' else []):
            torch.manual_seed(seed)
            prior = GenerativePrior(model, task, hole, progressive=way == 'progressive', **settings)
            made[way] = keep_known(prior.restore(image), kept, task, hole)
    return made


def _tile(image: torch.Tensor) -> np.ndarray:
    return to_uint8(image)[0].permute(1, 2, 0).cpu().numpy()


def _draw(path: Path | str, tiles: list[np.ndarray], columns: int) -> None:
    import cv2
    canvas = tile_grid(np.stack(tiles), columns, scale=2, breaks=tuple(range(1, columns, 4)))
    write_atomically(path, cv2.imencode(Path(path).suffix, canvas[..., ::-1])[1].tobytes())


def _record(out: Path | str, cfg: Any, checkpoint: Path | str, method: str, values: dict[str, float],
            scores: dict[str, list[float]], settings: dict[str, Any], seconds: float) -> None:
    described: Any = 'random'
    if checkpoint != 'random':
        described = dict(file=Path(checkpoint).name, sha256=checkpoint_hash(checkpoint))

    def told(name: str) -> dict[str, Any]:
        each = scores.get(name, [])
        error = {'standard_error': round(float(np.std(each, ddof=1) / len(each)**0.5), 4)} if len(each) > 1 else {}
        return dict(checkpoint=described, **settings) | error
    append_json_lines(out, [make_record(
        suite='restoration', method=method, config=Path(cfg.filename).name if cfg.filename else None,
        seed=cfg.get('randomness', {}).get('seed'), dataset=dataset_name(cfg), split='test', protocol='restoration',
        metric=name, value=round(value, 4), settings=told(name), seconds=round(seconds, 1))
        for name, value in values.items()])
