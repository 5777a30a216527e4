"""Every scene of a data set taken apart into a folder, for :class:`Recomposed`."""

from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.apis.build import build_dataset
from mmwsl.apis.config import load_config
from mmwsl.apis.scenes.decompose import Network, decompose, load_network
from mmwsl.datasets.readers.scenes.scene_files import write_scene
from mmwsl.files import check_writable
from mmwsl.progress import progress_bar


def decompose_dataset(dataset: Any, out: Path | str, shapes: Network | Any, content: Network | Any | None = None,
                      grow: int = 1, device: str = 'cpu', background: str = 'network') -> int:
    """Take apart every image of a set with masks; ``{i}.npz`` is the scene of image i, see :func:`decompose`.

    Args:
        dataset: config or instance of a set with ``gt_instance_masks``. Its whole shapes and contents are not looked
            at, where it has some.
        out: folder, made if missing; scenes that are there are written anew.
        shapes, content, grow, device, background: see :func:`decompose`.

    Returns:
        int: number of scenes.

    Raises:
        ValueError: an image without masks.
        OSError: the folder cannot be written.
    """
    dataset = build_dataset(dataset) if isinstance(dataset, dict) else dataset
    shapes, content = (each and load_network(each, device) for each in (shapes, content))
    check_writable(Path(out) / '0.npz')
    for index in progress_bar(range(len(dataset)), 'scenes', unit='scene'):
        item = dataset[index]
        sample = item['data_samples']
        if 'gt_instance_masks' not in sample:
            raise ValueError(f'image {index} of {type(dataset).__name__} has no masks to take it apart by; give a set '
                             "that has some, with supervision='full'")
        image = np.ascontiguousarray(item['inputs'].permute(1, 2, 0).numpy())
        names = [dataset.classes[label] for label in sample.gt_box_labels.tolist()]
        layers = decompose(image, sample.gt_instance_masks.numpy(), shapes, content, names, grow=grow, device=device,
                           background=background)
        write_scene(Path(out) / f'{index}.npz', layers)
    return len(dataset)


def recomposed_scenes(config: Path | str) -> tuple[dict, str | None]:
    """The data set that a config's training composes scenes anew of, and the folder in which it looks for them.

    Raises:
        ValueError: the training set of the config is no :class:`Recomposed`.
    """
    dataset = load_config(config).train_dataloader.dataset
    if dataset.get('type') != 'Recomposed':
        raise ValueError(f'{config}: its training set is {dataset.get("type")}, not Recomposed; wrap it: '
                         "dataset=dict(type='Recomposed', dataset=dict(...))")
    return dataset.dataset, dataset.get('scenes')
