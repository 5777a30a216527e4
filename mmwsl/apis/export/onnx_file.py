"""Any network of images as an ONNX file, by torch's exporter."""

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from mmwsl import __version__
from mmwsl.apis.build import build_model
from mmwsl.apis.export.check import compare
from mmwsl.apis.export.source import find_config
from mmwsl.checkpoints.read import checkpoint_file, class_names, read_checkpoint
from mmwsl.files import check_writable, write_atomically
from mmwsl.models.base import Model
from mmwsl.models.necks.mlp import pool
from mmwsl.models.supervised import ImageClassifier

INSTALL = 'pip install "mmwsl[onnx]"'


class ImageNetwork(nn.Module):
    """What an ONNX file computes of a model: of images (B, C, H, W) a tuple in the order of :attr:`names`.

    ``features`` (B, D) are the averages of the backbone's last map; ``map`` (B, D, h, w) is that map, where it is one;
    ``scores`` (B, K) are a classifier's, before softmax or sigmoid.

    Args:
        model: with a backbone.
        normalize: take images in [0, 1], and normalize them as the model's data preprocessor does.

    Raises:
        ValueError: there is no backbone, or ``normalize`` where the preprocessor does not just normalize.
    """

    def __init__(self, model: Model, normalize: bool = False) -> None:
        super().__init__()
        if not hasattr(model, 'backbone'):
            raise ValueError(f'{type(model).__name__} has no backbone of images, which is what --to onnx writes')
        preprocessor = model.data_preprocessor
        if normalize:
            if getattr(preprocessor, 'test_view', None) or not model.sees_rgb or not _statistics(preprocessor):
                raise ValueError(f'--normalize: the data preprocessor of {type(model).__name__} does more to an image, '
                                 'or less, than normalize it; leave --normalize away, and give the network what it '
                                 'takes')
            for name, values in _statistics(preprocessor).items():
                self.register_buffer(name, values.reshape(1, -1, 1, 1))
        self.normalize, self.backbone = normalize, model.backbone
        self.head = model.head if isinstance(model, ImageClassifier) else None
        self.names = ['features']

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if self.normalize:
            images = (images - self.get_buffer('mean')) / self.get_buffer('std')
        levels = self.backbone(images)
        outputs = dict(features=pool(levels))
        if levels[-1].dim() == 4:
            outputs['map'] = levels[-1]
        scores = None if self.head is None else self.head(levels)
        if isinstance(scores, torch.Tensor):  # heads of several layers give a dict
            outputs['scores'] = scores
        self.names = list(outputs)
        return tuple(outputs.values())


def export_onnx(checkpoint: Path | str, out: Path | str, config: Config | Path | str | None = None,
                image_size: int | Sequence[int] | None = None, normalize: bool = False, trust: bool = False) -> str:
    """Write the network of a checkpoint as ONNX, for batches of any size and images of one; see :func:`export`."""
    out = check_writable(out)
    if out.suffix != '.onnx':
        raise ValueError(f'{out}: give OUT the ending .onnx')
    loaded = read_checkpoint(checkpoint, trust=trust)
    cfg = find_config(loaded, checkpoint, config)
    if cfg is None:
        raise ValueError(f'{checkpoint} keeps no config that can be read, and --to onnx needs one: give --config '
                         'CONFIG')
    height, width = _size(cfg, image_size)
    _import()
    model, meta = build_model(cfg, checkpoint, 'cpu')
    network = ImageNetwork(model.to(memory_format=torch.contiguous_format), normalize).eval()
    classes = class_names(meta, getattr(network.head, 'num_classes', None))
    described = dict(mmwsl_version=__version__, checkpoint=checkpoint_file(checkpoint).name, input=_input(network),
                     image_size=json.dumps([height, width]))
    for name, values in _statistics(model.data_preprocessor).items():
        described[name] = json.dumps([round(value, 6) for value in values.flatten().tolist()])
    if classes and network.head is not None:
        described['classes'] = json.dumps(classes)
    channels = next(parameter.shape[1] for parameter in model.backbone.parameters() if parameter.dim() == 4)
    images = torch.rand(3, channels, height, width, generator=torch.Generator().manual_seed(0))
    content, wanted = to_onnx(network, images, described)
    write_atomically(out, content)

    def compute(onnxruntime: Any) -> list[torch.Tensor]:
        session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
        found = [session.run(network.names, dict(images=batch.numpy())) for batch in (images, images[:1])]
        return [torch.from_numpy(each) for outputs in found for each in outputs]

    checked = compare('onnx', [*wanted, *(each[:1] for each in wanted)], compute)
    shapes = ', '.join(f'{name} ({", ".join(["B", *map(str, each.shape[1:])])})'
                       for name, each in zip(network.names, wanted, strict=True))
    return (f'{checkpoint}: written to {out}\ninput: images (B, {channels}, {height}, {width}), {_input(network)}\n'
            f'outputs: {shapes}\nload it with\n    session = onnxruntime.InferenceSession({str(out)!r})\n    '
            f'{", ".join(network.names)} = session.run({network.names}, dict(images=images))\n{checked}')


def to_onnx(network: ImageNetwork, images: torch.Tensor,
            described: Mapping[str, str]) -> tuple[bytes, list[torch.Tensor]]:
    """The bytes of an ONNX file, and what the network gives for ``images`` (B > 1, C, H, W), whose size it takes.

    Args:
        network: in eval mode.
        images: an example.
        described: what the file says of itself (``metadata_props``).
    """
    onnx = _import()
    with torch.no_grad():
        wanted = list(network(images))  # first, or caches of the network would fill with symbols of the exporter
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of torch's own code, about what it will rename
            program = torch.onnx.export(network, (images,), dynamo=True, input_names=['images'], verbose=False,
                                        output_names=network.names,
                                        dynamic_shapes=({0: torch.export.Dim('batch', min=1)},))
    assert program is not None
    model = program.model_proto
    onnx.helper.set_model_props(model, dict(described))
    onnx.checker.check_model(model)
    return model.SerializeToString(), wanted


def _import() -> Any:
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(f'--to onnx needs onnx and onnxscript, and onnxruntime for its check ({error}): '
                          f'{INSTALL}') from error
    return onnx


def _statistics(preprocessor: Any) -> dict[str, torch.Tensor]:
    """``mean`` and ``std`` of images in [0, 1]; empty where a preprocessor has none."""
    if getattr(preprocessor, 'std', None) is None:
        return {}
    scale = 255 if float(preprocessor.std.max()) > 1 else 1  # detection keeps them in units of pixel values
    return {name: getattr(preprocessor, name) / scale for name in ('mean', 'std')}


def _input(network: ImageNetwork) -> str:
    return 'RGB in [0, 1]' if network.normalize else 'normalized by mean and std of the metadata'


def _size(cfg: Config, given: int | Sequence[int] | None) -> tuple[int, int]:
    """Height and width: those that are given, or those of the config's test."""
    if given is not None:
        sides = [given] if isinstance(given, int) else list(given)
        if len(sides) > 2 or min(sides) < 1:
            raise ValueError(f'--image-size {" ".join(map(str, sides))}: give a side, or height and width, in pixels')
        return sides[0], sides[-1]
    test = (cfg.get('test_dataloader') or {}).get('dataset') or (cfg.get('benchmark') or {}).get('test') or {}
    for step in reversed(test.get('pipeline') or []):
        side = step.get('crop', step.get('size'))
        if isinstance(side, int):
            return side, side
    raise ValueError('the config does not say the size of its test images: give --image-size SIDE, or HEIGHT WIDTH')
