"""Objects from configs, for tools and notebooks."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils.data import DataLoader

from mmwsl.checkpoints.biggan import is_published_biggan
from mmwsl.checkpoints.names import find_backbone, our_names, without_wrappers
from mmwsl.checkpoints.read import read_checkpoint
from mmwsl.checkpoints.state import check_backbone, load_state, without_other_classifier
from mmwsl.checkpoints.yolact import from_published_yolact, is_published_yolact
from mmwsl.compat import autocast_dtype, keep_freed_memory
from mmwsl.datasets import collate_batch, evenly_spaced
from mmwsl.models.base import Model
from mmwsl.registry import DATASETS, MODELS

UNTRAINED = ('random', 'random_rescaled')  # what may stand in place of a checkpoint file
RESCALE_IMAGES = 256


def get_device() -> torch.device:
    """The device work runs on: mmengine's choice (CUDA, ..., CPU)."""
    from mmengine.device import get_device as choose
    return torch.device(choose())


def build_model(cfg: Config, checkpoint: Path | str | None = None,
                device: torch.device | str | None = None, whole: bool = False) -> tuple[Model, dict[str, Any] | None]:
    """Build the config's model on ``device`` in eval mode, with the weights of ``checkpoint``.

    Args:
        cfg: config with ``model``; its seed (``randomness.seed``) decides random weights.
        checkpoint: file, of ours or of another project (see ``mmwsl/checkpoints/names.py``), or ``'pretrained:NAME'``
            (:mod:`mmwsl.checkpoints.pretrained`), or None or ``'random'`` for random weights, or ``'random_rescaled'``
            for random weights after :func:`rescale_responses` on 256 evenly spaced images of ``benchmark.train``.
        whole: for predictions: a model that names classes, boxes or masks needs its heads from the file too.

    Returns:
        tuple: model, and for a file its ``meta`` (epoch, iter, seed, ...; empty if it has none), else None.

    Raises:
        ValueError: a key of the backbone, or with ``whole`` of a head, is missing or left over, or a shape differs; no
            ``benchmark.train`` to rescale on.
    """
    init_default_scope('mmwsl')
    with torch.random.fork_rng():  # the caller's random state stays as it is
        torch.manual_seed(cfg.get('randomness', {}).get('seed', 0) or 0)
        model_cfg = copy.deepcopy(cfg.model)
        if cfg.get('data_preprocessor'):
            model_cfg.setdefault('data_preprocessor', copy.deepcopy(cfg.data_preprocessor))
        model = MODELS.build(model_cfg)
        model.init_weights()
    meta = None
    if checkpoint not in (None, *UNTRAINED):
        loaded = read_checkpoint(checkpoint)
        meta = loaded.get('meta', {})
        state = _without_other_images(
            without_other_classifier(_weights(loaded, checkpoint, hasattr(model, 'backbone')), meta, model), model)
        report = load_state(model, state, what=str(checkpoint))
        check_backbone(report, str(checkpoint), heads=whole and not model.predicts_features)
        print_log(f'{checkpoint}: {len(report["matched"])} keys matched, {len(report["missing"])} missing, '
                  f'{len(report["unexpected"])} unexpected', logger='current')
    device = torch.device(device or get_device())
    if device.type == 'cpu':
        keep_freed_memory()
    model = model.to(device).eval()
    memory_format = getattr(model.data_preprocessor, 'memory_format', torch.contiguous_format)
    if memory_format == torch.channels_last:
        model = model.to(memory_format=memory_format)
    if checkpoint == 'random_rescaled':
        _rescale(cfg, model)
    return model, meta


def _weights(loaded: dict[str, Any], checkpoint: Path | str, has_backbone: bool) -> dict[str, Any]:
    """The state dict of a checkpoint of ours, or for a model without a backbone; of another project's, its backbone."""
    state = loaded.get('state_dict', loaded)
    own = without_wrappers(state)
    if is_published_yolact(own):
        try:
            return from_published_yolact(own)
        except ValueError as error:
            raise ValueError(f'{checkpoint}: {error}') from error
    if is_published_biggan(own):
        raise ValueError(f'{checkpoint} is one network of BigGAN as its authors publish it; '
                         'tools/model_converters/biggan.py of the repository makes a checkpoint of both')
    if not has_backbone:
        return own
    part = {key.removeprefix('backbone.'): value for key, value in own.items() if key.startswith('backbone.')}
    if part and not any(key.startswith('roi_heads.res5.') for key in own):
        rest = {key: value for key, value in own.items() if not key.startswith('backbone.')}
        return rest | {f'backbone.{key}': value for key, value in our_names(part).items()}
    try:
        state, layout = find_backbone(loaded)
    except ValueError as error:
        raise ValueError(f'{checkpoint}: {error}') from error
    print_log(f'{checkpoint}: backbone found, as in checkpoints of {layout}', logger='current')
    return {f'backbone.{key}': value for key, value in state.items()}


def _without_other_images(state: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """The state without what has a row for each image of another training set: evaluation needs none of it."""
    own = model.state_dict()
    other = [key for key in state if key.startswith(model.sized_by_images) and key in own
             and own[key].shape != state[key].shape]
    return {key: value for key, value in state.items() if key not in other}


def _rescale(cfg: Config, model: Model) -> None:
    from mmwsl.models.layers.rescale import rescale_responses
    if 'train' not in (cfg.get('benchmark') or {}):
        raise ValueError(f"'random_rescaled' needs images to rescale on, and {cfg.filename} has no benchmark.train")
    dataset = build_dataset(cfg.benchmark.train)
    rows = evenly_spaced(len(dataset), RESCALE_IMAGES).tolist()
    batch = next(iter(DataLoader(dataset, len(rows), sampler=rows, collate_fn=collate_batch,
                                 generator=torch.Generator())))  # the default generator would be advanced
    batch = model.data_preprocessor(batch, training=False)
    layers = rescale_responses(model, batch['inputs'], batch['data_samples'], mode='tensor')
    print_log(f'{layers} layers rescaled on {len(rows)} images of benchmark.train', logger='current')


def build_dataset(cfg: dict[str, Any]) -> Any:
    """Build a dataset from its config."""
    init_default_scope('mmwsl')
    return DATASETS.build(copy.deepcopy(cfg))


def fuse_norms(model: nn.Module) -> None:
    """Fold norms into convolutions in the parts of a model that can do it (``fuse_norms``); for inference alone."""
    for module in model.modules():
        fuse = getattr(module, 'fuse_norms', None)
        if callable(fuse):
            fuse()


def inference_dtype(cfg: Config, device: torch.device | str) -> torch.dtype | None:
    """Autocast type of feature extraction: that of the config's optimiser wrapper, None for fp32."""
    wrapper = cfg.get('optim_wrapper') or {}
    if wrapper.get('type') != 'AutocastOptimWrapper':
        return None
    name = wrapper.get('dtype', 'auto')
    return autocast_dtype(torch.device(device).type) if name == 'auto' else \
        None if name == 'float32' else getattr(torch, name)
