"""What was written, loaded into the network of the library that it is for, as its user does it."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mmwsl.checkpoints.public import timm_network, torchvision_network

TOLERANCE = 1e-4  # of an output, relative to its largest value
_PACKAGES = dict(torchvision='torchvision', timm='timm', huggingface='transformers', onnx='onnxruntime')


def compare(library: str, wanted: list[torch.Tensor], compute: Callable[[Any], list[torch.Tensor]]) -> str:
    """How far the outputs of a library's network are from ours, in words.

    Args:
        library: a target of the export.
        wanted: outputs of ours.
        compute: from the imported library to its outputs.

    Raises:
        ValueError: they differ by more than :data:`TOLERANCE`, or have other shapes.
    """
    package = _PACKAGES[library]
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name == package:
            return f'not checked: {package} is not installed'
        return f'not checked: {package} cannot be imported ({error})'
    except Exception as error:  # a torchvision that was built for another torch fails in any way
        return f'not checked: {package} cannot be imported ({type(error).__name__}: {error})'
    found = compute(module)
    shapes = [[tuple(each.shape) for each in outputs] for outputs in (found, wanted)]
    if shapes[0] != shapes[1]:
        raise ValueError(f'what was written gives outputs of shape {shapes[0]} in {package}, and {shapes[1]} here: do '
                         'not use it, and please report this')
    differences = [float((one - other).abs().max()) for one, other in zip(found, wanted, strict=True)]
    largest = [float(each.abs().max()) for each in wanted]
    for difference, size in zip(differences, largest, strict=True):
        if not difference <= TOLERANCE * size:  # NaN is wrong, too
            raise ValueError(f'what was written gives other outputs in {package} than here: they differ by '
                             f'{difference:.2g}, the largest is {size:.2g}; do not use it, and please report this')
    return (f'checked with {package} {module.__version__}: outputs equal to {max(differences):.1g}, the largest of '
            f'them is {max(largest):.2g}')


def load_torchvision(torchvision: Any, path: Path, backbone: dict[str, Any], classes: int) -> nn.Module:
    """The network of torchvision with the tensors of a file; without classes it gives the feature."""
    network = getattr(torchvision.models, torchvision_network(backbone))(weights=None, num_classes=max(classes, 1))
    if not classes:
        network.fc = nn.Identity()
    network.load_state_dict(read_tensors(path))
    return network.eval()


def load_timm(timm: Any, path: Path, backbone: dict[str, Any], classes: int) -> nn.Module:
    """The network of timm with the tensors of a file; without classes it gives the feature."""
    name, settings = timm_network(backbone)
    return timm.create_model(name, num_classes=classes, checkpoint_path=str(path), **settings).eval()


def load_huggingface(transformers: Any, folder: Path) -> nn.Module:
    """The network of transformers that a folder holds.

    Raises:
        ValueError: it lacks tensors, or has some that the network does not take.
    """
    network, report = transformers.AutoModel.from_pretrained(str(folder), output_loading_info=True)
    wrong = {key: sorted(map(str, report.get(key) or ())) for key in ('missing_keys', 'unexpected_keys',
                                                                      'mismatched_keys')}
    if any(wrong.values()):
        raise ValueError(f'transformers {transformers.__version__} does not take all of {folder}: {json.dumps(wrong)}')
    return network.eval()


def huggingface_feature(network: nn.Module, images: torch.Tensor, backbone: dict[str, Any]) -> torch.Tensor:
    """The feature (B, D) that is ours, of a network of transformers."""
    outputs = network(pixel_values=images)
    if backbone['type'] == 'VisionTransformer' and backbone['out_type'] == 'average':
        return outputs.last_hidden_state[:, 1:].mean(1)
    return outputs.pooler_output.flatten(1)


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The state dict of a ``.pth`` or ``.safetensors`` file."""
    if path.suffix == '.safetensors':
        from safetensors.torch import load_file
        return load_file(path)
    return torch.load(path, weights_only=True)
