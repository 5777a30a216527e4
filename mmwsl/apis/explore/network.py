"""The network that features come from: what it is, and whether it saw labels before."""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmwsl.apis.build import build_model, fuse_norms, get_device
from mmwsl.apis.config import load_config
from mmwsl.apis.explore.stages import Arrays, Stages, make_key
from mmwsl.checkpoints import read_meta
from mmwsl.checkpoints.pretrained import PREFIX, find_pretrained, installed_pretrained, pretrained_name
from mmwsl.datasets.file_dataset import FileDataset
from mmwsl.protocols.features import extract_features

CHUNK, BATCH = 128, 16
OWN_RECIPE = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb64-cos-100e_folder.py'


@dataclass
class Network:
    """A network and its weights.

    Attributes:
        name: what people call it.
        config: its config.
        checkpoint: file, ``'random'``, or a name that :func:`mmwsl.apis.build.build_model` knows.
        history: what it has learned from, in words.
    """
    name: str
    config: Config
    checkpoint: str
    history: str

    def key(self) -> str:
        """Of the config's model and the weights."""
        path = Path(self.checkpoint)
        weights = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else self.checkpoint
        return make_key(self.config.model.to_dict(), dict(self.config.get('data_preprocessor') or {}),
                        input_pipeline(self.config), weights)


def random_floor(network: Network) -> Network:
    """The same network with random weights."""
    return Network('random weights', network.config, 'random', 'nothing')


def installed_network() -> Network | None:
    """The first pre-trained network of the extra ``mmwsl[pretrained]``; None where none is installed."""
    names = installed_pretrained()
    return given_network(PREFIX + names[0]) if names else None


def given_network(checkpoint: str, config: str | None = None) -> Network:
    """The network that the user names.

    Args:
        checkpoint: file, ``pretrained:NAME`` or ``'random'``.
        config: that of the checkpoint; a pre-trained one has its own.

    Raises:
        ValueError: no config.
        FileNotFoundError: no such file, or a pre-trained network that is not installed.
    """
    name = pretrained_name(checkpoint)
    if name is not None:
        find_pretrained(name)
    elif config is None:
        raise ValueError(f'--checkpoint {checkpoint} needs --config CONFIG, the config that it was trained with')
    cfg = load_config(config or f'mmwsl::pretrained/{name}.py')
    if checkpoint == 'random':
        return Network('random weights', cfg, 'random', 'nothing')
    history = {True: 'images with labels', False: 'images without labels',
               None: 'images; whether it saw labels is not known'}[read_meta(checkpoint).get('saw_labels')]
    return Network(name or Path(checkpoint).stem, cfg, checkpoint, f'ImageNet, {history}' if name else history)


def input_pipeline(cfg: Config) -> list[dict[str, Any]]:
    """Steps from a photo to the network's input: those of the config's benchmark, if it reads files, else a central
    square of the size that its data have (32 without a word on it)."""
    benchmark = cfg.get('benchmark') or {}
    for split in ('test', 'train'):
        dataset = benchmark.get(split) or {}
        while 'dataset' in dataset and 'pipeline' not in dataset:
            dataset = dataset['dataset']
        if dataset.get('pipeline'):
            return [dict(step) for step in dataset['pipeline']]
        if dataset:
            size = int(dataset.get('size', 32))
            return [dict(type='ResizeCenterCrop', resize=size, crop=size)]
    return [dict(type='ResizeCenterCrop', resize=256, crop=224)]


def compute_features(network: Network, name: str, paths: Sequence[str], photos_key: str,
                     stages: Stages) -> torch.Tensor:
    """Features (N, D) float32 of photos; kept in chunks as the stage ``name``."""
    model = None
    pipeline = input_pipeline(network.config)

    def compute(start: int, stop: int) -> Arrays:
        nonlocal model
        if model is None:
            config = copy.deepcopy(network.config)
            if (config.get('data_preprocessor') or {}).get('type') == 'ViewPreprocessor':
                config.data_preprocessor.setdefault('channels_last', True)  # a third faster on a CPU
            model, _ = build_model(config, network.checkpoint)
            fuse_norms(model)
        dataset = FileDataset(paths[start:stop], supervision='none', pipeline=pipeline)
        found = extract_features(model, dataset, batch_size=BATCH, device=get_device(), progress=False)
        return dict(features=found.features.numpy())

    key = make_key(photos_key, network.key())
    return torch.from_numpy(stages.run_in_chunks(name, key, len(paths), compute, size=CHUNK)['features'])
