"""``mmwsl export``: from a checkpoint to what another library loads."""

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.config import Config

from mmwsl.apis.export.check import compare, huggingface_feature, load_huggingface, load_timm, load_torchvision
from mmwsl.apis.export.source import Source, build_backbone, read_source
from mmwsl.checkpoints import convert, their_names
from mmwsl.checkpoints.huggingface import huggingface_config, huggingface_names
from mmwsl.checkpoints.public import check_public, classifier_name, timm_network, torchvision_network
from mmwsl.files import check_writable, check_writable_folder, write_atomically
from mmwsl.models.backbones import EfficientNetLite
from mmwsl.models.necks.mlp import pool

NETWORKS = ('torchvision', 'timm', 'huggingface')  # a network of theirs computes the same, or nothing is written
NAMES = ('detectron2', 'mmdet', 'mmwsl')  # their names, in the file that they read
TARGETS = (*NETWORKS, 'onnx', *NAMES)


def export(checkpoint: Path | str, out: Path | str, to: str, config: Config | Path | str | None = None,
           image_size: int | Sequence[int] | None = None, normalize: bool = False, trust: bool = False) -> str:
    """Write the network of a checkpoint in the form that another library loads directly, and check what was written.

    Args:
        checkpoint: of ours or of another project, or ``pretrained:NAME``. It stays as it is.
        out: file to write; for ``'huggingface'`` a folder.
        to: ``'torchvision'``, ``'timm'``, ``'huggingface'``, ``'onnx'``, ``'detectron2'``, ``'mmdet'`` or ``'mmwsl'``.
        config: that of the training; None for the one that the checkpoint keeps.
        image_size: side, or height and width, of the images of an ONNX network; None for that of the config's test.
        normalize: an ONNX network takes images in [0, 1] and normalizes them itself.
        trust: see :func:`mmwsl.checkpoints.read_checkpoint`.

    Returns:
        str: what was written, how it is loaded, and what the check said.

    Raises:
        FileNotFoundError, ValueError: as :func:`mmwsl.checkpoints.read_backbone`; an unknown ``to``; ``out`` of another
            kind than it; no network of the library computes the same, said before anything is written; or what was
            written computes something else.
        ImportError: a library that writes the form is missing.
    """
    if to not in TARGETS:
        raise ValueError(f'--to {to} is unknown; choose one of {", ".join(TARGETS)}')
    if to != 'onnx' and (normalize or image_size):
        raise ValueError(f'--normalize and --image-size are of --to onnx; a network of {to} takes images as they were '
                         'normalized in training')
    if to == 'onnx':
        from mmwsl.apis.export.onnx_file import export_onnx
        return export_onnx(checkpoint, out, config, image_size, normalize, trust)
    if to in NAMES:
        text = convert(checkpoint, out, to, trust)
        return text if to == 'mmwsl' else f'{text}\nnot checked: the names alone are written, for whatever network'
    return _export_network(checkpoint, out, to, config, trust)


def _export_network(checkpoint: Path | str, out: Path | str, to: str, config: Config | Path | str | None,
                    trust: bool) -> str:
    out = check_writable_folder(out) if to == 'huggingface' else check_writable(out)
    if to != 'huggingface' and out.suffix not in ('.pth', '.pt', '.safetensors'):
        raise ValueError(f'{out}: {to} loads .pth, .pt and .safetensors files; give OUT one of these endings')
    safe = importlib.util.find_spec('safetensors') is not None
    if out.suffix == '.safetensors' and not safe:
        raise ImportError(f'{out}: .safetensors files need safetensors: pip install safetensors; or write a .pth')
    source = read_source(checkpoint, config, trust)
    check_public(source.backbone, to)
    assert source.backbone is not None
    network = build_backbone(source)
    head = _head(source, to)
    if to == 'huggingface':
        tensors = huggingface_names(source.state, source.backbone['type'])
        _write(out / ('model.safetensors' if safe else 'pytorch_model.bin'), tensors)
        write_atomically(out / 'config.json', json.dumps(huggingface_config(source.backbone), indent=2) + '\n')
    else:
        tensors = their_names(source.state, to) | head
        _write(out, tensors)
    classes = len(next(iter(head.values()))) if head else 0
    checked = _check(source, network, out, to, classes)
    others = source.others - len(head)
    left = f'; {others} others (of heads, teachers, ...) left out' if others else ''
    with_head = f' with the classifier of {classes} classes' if head else ''
    return (f'{source.path}: {len(tensors)} tensors{with_head} written to {out}{left}\nload it with\n'
            f'{_how(source, out, to, classes)}{_assumed(source)}\n{checked}')


def _head(source: Source, to: str) -> dict[str, torch.Tensor]:
    """The linear classifier under the library's name; empty where there is none, or it is on another feature."""
    assert source.backbone is not None
    name = classifier_name(source.backbone, to)
    if name is None or source.classifier is None or source.classifier[0].shape[1] != _width(source.backbone):
        return {}
    return {f'{name}.weight': source.classifier[0], f'{name}.bias': source.classifier[1]}


def _width(backbone: dict[str, Any]) -> int:
    if backbone['type'] == 'ResNet':
        return backbone['base_channels'] * (32 if backbone['depth'] >= 50 else 8)
    if backbone['type'] == 'EfficientNetLite':
        return EfficientNetLite.HEAD
    return backbone['embed_dims'] * (2**(len(backbone['depths']) - 1) if backbone['type'] == 'SwinTransformer' else 1)


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    tensors = {key: value.detach().cpu().clone().contiguous() for key, value in tensors.items()}
    if path.suffix == '.safetensors':
        from safetensors.torch import save
        write_atomically(path, save(tensors, metadata=dict(format='pt')))
    else:
        write_atomically(path, lambda file: torch.save(tensors, file))


@torch.no_grad()
def _check(source: Source, network: torch.nn.Module, out: Path, to: str, classes: int) -> str:
    backbone = source.backbone
    assert backbone is not None
    side = backbone.get('image_size', 224)
    images = torch.randn(2, backbone['in_channels'], side, side, generator=torch.Generator().manual_seed(0))
    wanted = pool(network(images))
    if classes and source.classifier is not None:
        wanted = F.linear(wanted, *source.classifier)

    def compute(library: Any) -> list[torch.Tensor]:
        with torch.random.fork_rng(devices=[]):  # random weights are drawn before those of the file are loaded
            if to == 'huggingface':
                return [huggingface_feature(load_huggingface(library, out), images, backbone)]
            load = load_torchvision if to == 'torchvision' else load_timm
            return [load(library, out, backbone, classes)(images)]

    return compare(to, [wanted], compute)


def _how(source: Source, out: Path, to: str, classes: int) -> str:
    """The lines of Python that load what was written."""
    backbone = source.backbone
    assert backbone is not None
    if to == 'huggingface':
        return f'    network = transformers.AutoModel.from_pretrained({str(out)!r})'
    if to == 'timm':
        name, settings = timm_network(backbone)
        settings = ''.join(f', {key}={value!r}' for key, value in settings.items())
        return (f'    network = timm.create_model({name!r}, num_classes={classes}, checkpoint_path={str(out)!r}'
                f'{settings})')
    read = f'safetensors.torch.load_file({str(out)!r})' if out.suffix == '.safetensors' else f'torch.load({str(out)!r})'
    first = f'    network = torchvision.models.{torchvision_network(backbone)}'
    if classes:
        return f'{first}(num_classes={classes})\n    network.load_state_dict({read})'
    return (f'{first}()\n    network.load_state_dict({read}, strict=False)  # its fc stays random\n'
            '    network.fc = torch.nn.Identity()  # for the feature; without this line, fc is there to be trained')


def _assumed(source: Source) -> str:
    """What the tensors do not say, and no config did."""
    if source.config is not None or source.backbone is None or source.backbone['type'] == 'SwinTransformer':
        return ''
    if source.backbone['type'] in ('ResNet', 'EfficientNetLite'):
        return '\nassumed, as the checkpoint keeps no config: the usual strides; otherwise give --config CONFIG'
    return (f'\nassumed, as the checkpoint keeps no config: {source.backbone["num_heads"]} heads; otherwise give '
            '--config CONFIG')
