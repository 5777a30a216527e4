"""What is exported: the tensors of a checkpoint, its config, and the backbone that they are of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn

from mmwsl.apis.config import load_config
from mmwsl.checkpoints import load_state
from mmwsl.checkpoints.config_text import parse_config
from mmwsl.checkpoints.convert import backbone_in
from mmwsl.checkpoints.describe import describe_backbone
from mmwsl.checkpoints.names import find_tensors, is_head
from mmwsl.checkpoints.pretrained import pretrained_name
from mmwsl.checkpoints.read import read_checkpoint
from mmwsl.models.backbones import VisionTransformer
from mmwsl.registry import BACKBONES

_UNSEEN = ('strides', 'dilations')  # settings that leave no trace in tensors
_LINEAR = ('ClassificationHead', 'MultiLabelHead', 'CAMHead')


@dataclass
class Source:
    """A checkpoint that is read.

    Attributes:
        path: as the user named it.
        config: its config, the user's or the checkpoint's own; None where there is none.
        state: tensors of the backbone, under our names, fp32 on the CPU.
        backbone: its config with all that matters (:func:`describe_backbone`); None of an unknown kind.
        classifier: weight (C, D) and bias (C,) of a linear classifier of the labels; None without one.
        others: how many tensors the checkpoint has beside those of the backbone.
    """
    path: str
    config: Config | None
    state: dict[str, torch.Tensor]
    backbone: dict[str, Any] | None
    classifier: tuple[torch.Tensor, torch.Tensor] | None
    others: int


def find_config(checkpoint: Mapping[str, Any], path: Path | str, config: Config | Path | str | None) -> Config | None:
    """The config of a checkpoint: the one that is given, that of ``pretrained:NAME``, or the text that it keeps.

    The text is read without running it; None where there is none, or it holds more than literals.
    """
    name = pretrained_name(path)
    if config is None and name is not None:
        config = f'mmwsl::pretrained/{name}.py'
    if config is not None:
        return config if isinstance(config, Config) else load_config(config)
    meta = checkpoint.get('meta')
    text = meta.get('cfg') if isinstance(meta, dict) else None
    try:
        values = parse_config(text) if isinstance(text, str) else {}
    except ValueError:
        return None
    return Config(values) if 'model' in values else None


def read_source(path: Path | str, config: Config | Path | str | None = None, trust: bool = False) -> Source:
    """Read a checkpoint for an export.

    Args:
        path: of ours or of another project, or ``pretrained:NAME``.
        config: of its training; None for the one that the checkpoint keeps.
        trust: see :func:`mmwsl.checkpoints.read_checkpoint`.

    Raises:
        FileNotFoundError, ValueError: as :func:`mmwsl.checkpoints.read_backbone`.
    """
    checkpoint = read_checkpoint(path, trust=trust)
    state, _ = backbone_in(checkpoint, path)
    state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()
             if not is_head(key)}
    cfg = find_config(checkpoint, path, config)
    model = {} if cfg is None else cfg.model
    backbone = _with_unseen(describe_backbone(state), model.get('backbone') or {})
    tensors = find_tensors(checkpoint)
    meta = checkpoint.get('meta')
    labels = isinstance(meta, dict) and meta.get('saw_labels') is True
    classifier = _classifier(tensors, model.get('head') or {}) if labels else None
    return Source(str(path), cfg, state, backbone, classifier, len(tensors) - len(state))


def _with_unseen(backbone: dict[str, Any] | None, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """A described backbone with what only its config says."""
    if backbone is None or str(given.get('type')).split('.')[-1] != backbone['type']:
        return backbone
    backbone = backbone | {key: tuple(given[key]) for key in _UNSEEN if key in given}
    eps = (given.get('norm_cfg') or {}).get('eps')
    if eps is not None:
        backbone['norm_cfg'] = dict(type='BN', eps=eps)
    if backbone['type'] == 'VisionTransformer':
        backbone['num_heads'] = given.get('num_heads') or VisionTransformer.ARCHS[given.get('arch', 'small')][2]
        average = given.get('out_type') in ('average', 'map') or not backbone['class_token']
        backbone['out_type'] = 'average' if average else 'class'
    return backbone


def _classifier(tensors: Mapping[str, Any], head: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Weight and bias of a head that is one linear layer on the averaged feature; None of any other."""
    plain = str(head.get('type')).split('.')[-1] in _LINEAR and not head.get('norm_cfg') and \
        not head.get('channels') and head.get('pooling', 'average') == 'average'
    weight, bias = (tensors.get(f'head.classifier.{name}') for name in ('weight', 'bias'))
    return (weight.float(), bias.float()) if plain and weight is not None and bias is not None else None


def build_backbone(source: Source) -> nn.Module:
    """The backbone of a source as a network of ours, in eval mode, with its weights.

    Raises:
        ValueError: the tensors are not those of the backbone that they look like.
    """
    assert source.backbone is not None
    settings = dict(source.backbone)
    if settings['type'] == 'SwinTransformer':
        settings.pop('image_size')
    init_default_scope('mmwsl')
    with torch.random.fork_rng(devices=[]):
        network = BACKBONES.build(settings)
    report = load_state(network, source.state, what=source.path)
    wrong = report['missing'] + report['unexpected']
    if wrong:
        raise ValueError(f'{source.path}: it looks like a {settings["type"]}, but {len(report["missing"])} of its '
                         f'tensors are missing and {len(report["unexpected"])} are none of it '
                         f'({", ".join(wrong[:3])}), so no public network computes the same; choose --to onnx with '
                         '--config CONFIG')
    return network.eval()
