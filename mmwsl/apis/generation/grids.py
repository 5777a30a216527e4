"""Pictures of checkpoints of generative models."""

from pathlib import Path
from typing import Any

from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.files import check_writable, write_atomically
from mmwsl.models.generative import AdversarialModel
from mmwsl.models.generative.grids import code_grid, interpolation_strip


def write_samples(config: Path | str, checkpoint: Path | str, out: Path | str, noises: int = 1, seed: int = 0,
                  stages: bool = False, interpolate: int = 0, options: dict[str, Any] | None = None,
                  device: str | None = None) -> Path:
    """Write a :func:`code_grid` of a checkpoint, or an :func:`interpolation_strip`, as a picture.

    Args:
        config, checkpoint: of a generative model.
        out: picture to write, .png or .jpg.
        noises, seed, stages: see :func:`code_grid`.
        interpolate: steps from one noise to another, in place of the grid; 0 = the grid. ``noises`` rows.
        options: overrides of the config.
        device: where the network runs.

    Raises:
        ValueError: the config is of no generative model, or ``out`` is no picture's name.
    """
    import cv2
    path = check_writable(out)
    if path.suffix not in ('.png', '.jpg', '.jpeg'):
        raise ValueError(f'{out} is no picture; let its name end in .png or .jpg')
    cfg = load_config(config, options)
    model, _ = build_model(cfg, checkpoint, device, whole=True)
    if not isinstance(model, AdversarialModel):
        raise ValueError(f'{config} is of {type(model).__name__}, which generates no images; `mmwsl configs '
                         'generative/` lists those that do')
    picture = (interpolation_strip(model, interpolate, noises, seed) if interpolate
               else code_grid(model, noises, seed, stages))
    write_atomically(path, cv2.imencode(path.suffix, picture[..., ::-1])[1].tobytes())
    return path
