"""A photo restored by a generator: colors, a hole, resolution."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.files import check_writable, write_atomically
from mmwsl.models.generative import AdversarialModel
from mmwsl.models.generative.grids import to_uint8
from mmwsl.models.generative.prior import FACTOR, GenerativePrior, degrade, keep_known


def restore(image: Path | str, config: Path | str, checkpoint: Path | str, task: str, out: Path | str,
            mask: Path | str | None = None, seed: int = 0, options: dict[str, Any] | None = None,
            device: str | None = None, **settings: Any) -> Path:
    """Restore a photo by a generator that learnt such photos, and write the picture, of the generator's size.

    What is known stays as it is: pixels around a hole, the luma of a photo that gets colors.

    Args:
        image: the photo; it is brought to the generator's size (of super-resolution to a quarter of it) without its
            aspect being kept.
        config, checkpoint: of a generative model.
        task: one of :data:`mmwsl.models.generative.prior.TASKS`.
        out: picture to write, .png or .jpg.
        mask: of in-painting, an image that is above 127 where the photo's pixels are not known; None = a square of one
            third of the side in the middle.
        seed: of the codes that the search begins with.
        options: overrides of the config.
        device: where the network runs.
        settings: of :class:`GenerativePrior`: candidates, stages, codes, ...

    Raises:
        FileNotFoundError: no such photo or mask.
        ValueError: the config is of no generative model, ``out`` is no picture's name, a mask that marks nothing or
            everything, or one for another task.
    """
    import cv2
    path = check_writable(out)
    if path.suffix not in ('.png', '.jpg', '.jpeg'):
        raise ValueError(f'{out} is no picture; let its name end in .png or .jpg')
    if mask is not None and task != 'inpainting':
        raise ValueError(f'--mask is of in-painting; task={task!r} has no hole')
    photo = _read(image)
    model, _ = build_model(load_config(config, options), checkpoint, device, whole=True)
    if not isinstance(model, AdversarialModel):
        raise ValueError(f'{config} is of {type(model).__name__}, which generates no images; `mmwsl configs '
                         'generative/` lists those that do')
    size, place = model.generator.size, next(model.parameters()).device
    if task == 'super_resolution':
        photo = cv2.resize(photo, (size // FACTOR,) * 2, interpolation=cv2.INTER_AREA)
    photo = cv2.resize(photo, (size, size), interpolation=cv2.INTER_AREA if photo.shape[0] > size else cv2.INTER_CUBIC)
    hole = None
    if mask is not None:
        marked = cv2.resize(_read(mask)[..., 0], (size, size), interpolation=cv2.INTER_NEAREST) > 127
        if marked.all() or not marked.any():
            raise ValueError(f'{mask} marks {"everything" if marked.all() else "nothing"}; it must be above 127 where '
                             'pixels are not known, and 0 elsewhere')
        hole = torch.from_numpy(marked)[None, None]
    pixels = torch.from_numpy(np.ascontiguousarray(photo[..., ::-1].transpose(2, 0, 1)))[None].to(place)
    known = pixels.float() / 127.5 - 1
    with torch.random.fork_rng(devices=[place] if place.type == 'cuda' else []):
        torch.manual_seed(seed)
        prior = GenerativePrior(model, task, hole, **settings)
        made = prior.restore(known)
    made = keep_known(made, degrade(known, task, prior.hole), task, prior.hole)
    picture = to_uint8(made)[0].permute(1, 2, 0).cpu().numpy()
    write_atomically(path, cv2.imencode(path.suffix, picture[..., ::-1])[1].tobytes())
    return path


def _read(path: Path | str) -> np.ndarray:
    import cv2
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FileNotFoundError(f'{path} is no image that can be read')
    return pixels
