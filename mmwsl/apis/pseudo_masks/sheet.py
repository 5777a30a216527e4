"""A page of pictures of the four steps: photo, map, refined map, prediction and truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.build import build_model, get_device
from mmwsl.apis.own_data.use import set_classes
from mmwsl.apis.own_data.views import innermost
from mmwsl.apis.pseudo_masks.four_steps import FourSteps
from mmwsl.apis.pseudo_masks.photos import Photo, read_list
from mmwsl.apis.pseudo_masks.segment import class_scores
from mmwsl.datasets import evenly_spaced
from mmwsl.datasets.readers.map_files import read_maps
from mmwsl.datasets.transforms.decode import to_tensor
from mmwsl.registry import TRANSFORMS
from mmwsl.structures import DataSample
from mmwsl.visualization import check_picture, overlay, palette, save_figure

COLUMNS = ('photo', 'map', 'mask of the map', 'refined', 'prediction', 'truth')


def mask_sheet(config: Path | str, steps: Path | str, out: Path | str, count: int = 20, data: Path | str | None = None,
               data_format: str | None = None, options: dict[str, Any] | None = None) -> Path:
    """Draw ``count`` photos of a folder of four steps: photo, map, its mask before and after the refiner, what the
    segmentor says, and the truth; those with a true mask first.

    Args:
        config, data, data_format, options: as :func:`four_steps` had them.
        steps: its folder.
        out: picture to write.
        count: photos, evenly spaced.

    Returns:
        Path of the picture.

    Raises:
        FileNotFoundError, ValueError: the steps are not done; ``out`` is of no kind of picture.
    """
    out, steps = check_picture(out), Path(steps)
    chain = FourSteps(config, steps, data, data_format, options, None)
    photos, classes = read_list(steps / 'photos')
    known = [photo for photo in photos if photo.truth is not None] or photos
    shown = [known[row] for row in evenly_spaced(len(known), count).tolist()]
    maps = steps / ('propagated_maps' if (steps / 'propagated_maps').is_dir() else 'maps')
    segmentor = chain.segmentor
    checkpoint = steps / 'segmentor' / f'epoch_{segmentor.train_cfg.max_epochs}.pth'
    if not checkpoint.is_file():
        raise FileNotFoundError(f'{checkpoint} does not exist; mmwsl four-steps {config} --out {steps} makes it')
    set_classes(segmentor.model, len(classes) + 1)
    model, _ = build_model(segmentor, checkpoint, get_device(), whole=True)
    pipeline = _pipeline(segmentor)
    rows = [_row(photo, maps, chain, model, pipeline, classes) for photo in shown]
    return save_sheet(rows, COLUMNS, out)


def _pipeline(cfg: Any) -> list[Any]:
    loader = cfg.get('test_dataloader')
    return [TRANSFORMS.build(dict(step)) for step in (innermost(loader.dataset).get('pipeline') or []) if loader]


@torch.no_grad()
def _row(photo: Photo, folder: Path, chain: FourSteps, model: Any, pipeline: list[Any],
         classes: Sequence[str]) -> list[tuple[np.ndarray, str]]:
    image = photo.image()
    pixels = image.permute(1, 2, 0).numpy()
    maps = read_maps(folder / f'{photo.name}.npz')
    heat, name = pixels, 'no tag'
    if len(maps['classes']):
        first = int(maps['maps'].astype(float).mean((1, 2)).argmax())
        chosen = torch.from_numpy(maps['maps'][first].astype(np.float32))[None, None]
        values = torch.nn.functional.interpolate(chosen, size=image.shape[1:], mode='bilinear')[0, 0]
        heat, name = overlay(pixels, values.numpy()), classes[int(maps['classes'][first])]
    item = _item(image, pixels, pipeline)
    found = class_scores(model, item).argmax(0).numpy().astype(np.uint8)
    settings, truth = chain.mask_settings, photo.true_mask()
    masks = [settings.mask(photo, maps, refined=False), settings.mask(photo, maps), found, truth]
    painted = [pixels // 3 if mask is None else paint(pixels, mask) for mask in masks]
    return [(pixels, ''), (heat, name),
            *((picture, names_of(mask, classes)) for picture, mask in zip(painted, masks, strict=True))]


def _item(image: torch.Tensor, pixels: np.ndarray, pipeline: list[Any]) -> dict[str, Any]:
    results: dict[str, Any] = dict(image=pixels, path='', index=0, epoch=0, seed=0)
    for step in pipeline:
        results = step(results)
    sample = DataSample()
    sample.set_metainfo(dict(ori_shape=tuple(pixels.shape[:2])))
    return dict(inputs=to_tensor(results['image']), data_samples=sample)


def paint(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A photo, uint8 (H, W, 3), half covered by the colors of its mask; the background as it is, void white."""
    mixed = pixels // 2 + palette()[mask] // 2
    return np.where(mask[..., None] > 0, mixed, pixels).astype(np.uint8)


def names_of(mask: np.ndarray | None, classes: Sequence[str]) -> str:
    """The classes of a mask, whose background is 0 and void 255, or that it is not known."""
    if mask is None:
        return 'not known'
    return ', '.join(classes[value - 1] for value in np.unique(mask).tolist() if 0 < value <= len(classes))


def save_sheet(rows: list[list[tuple[np.ndarray, str]]], columns: Sequence[str], out: Path) -> Path:
    """Write rows of pictures (H, W, 3), each with a caption, under the headings ``columns``; returns the path."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(2 * len(columns), 2 * len(rows) + 0.4), layout='constrained')
    FigureCanvasAgg(figure)
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    for column, heading in enumerate(columns):
        grid[0, column].set_title(heading, fontsize=10)
    for line, row in zip(grid, rows, strict=True):
        for axes, (picture, caption) in zip(line, row, strict=True):
            axes.imshow(picture)
            if caption:
                axes.text(0.03, 0.97, caption, transform=axes.transAxes, fontsize=6, verticalalignment='top',
                          color='white', backgroundcolor='black')
            axes.set_axis_off()
    save_figure(figure, out)
    return out
