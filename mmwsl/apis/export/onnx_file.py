"""Any network of images as an ONNX file, by torch's exporter."""

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmwsl import __version__
from mmwsl.apis.build import build_model
from mmwsl.apis.export.check import compare
from mmwsl.apis.export.onnx_instances import InstanceNetwork
from mmwsl.apis.export.onnx_network import ImageNetwork, statistics
from mmwsl.apis.export.source import find_config
from mmwsl.checkpoints.read import checkpoint_file, class_names, read_checkpoint
from mmwsl.files import check_writable, write_atomically
from mmwsl.models.supervised import YOLACT

INSTALL = 'pip install "mmwsl[onnx]"'


def export_onnx(checkpoint: Path | str, out: Path | str, config: Config | Path | str | None = None,
                image_size: int | Sequence[int] | None = None, normalize: bool = False, trust: bool = False) -> str:
    """Write the network of a checkpoint as ONNX, for batches of any size and images of one; see :func:`export`.

    That of YOLACT takes one image.
    """
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
    kind = InstanceNetwork if isinstance(model, YOLACT) else ImageNetwork
    network = kind(model.to(memory_format=torch.contiguous_format), normalize).eval()
    classes = class_names(meta, getattr(network.head, 'num_classes', None))
    described = dict(mmwsl_version=__version__, checkpoint=checkpoint_file(checkpoint).name, input=_input(network),
                     image_size=json.dumps([height, width]))
    for name, values in statistics(model.data_preprocessor).items():
        described[name] = json.dumps([round(value, 6) for value in values.flatten().tolist()])
    if classes and network.head is not None:
        described['classes'] = json.dumps(classes)
    channels = next(parameter.shape[1] for parameter in model.backbone.parameters() if parameter.dim() == 4)
    count, batch = (3, 'B') if network.dynamic else (1, '1')
    images = torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(0))
    content, wanted = to_onnx(network, images, described)
    write_atomically(out, content)

    def compute(onnxruntime: Any) -> list[torch.Tensor]:
        session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
        found = [session.run(network.names, dict(images=batch.numpy())) for batch in (images, images[:1])]
        return [torch.from_numpy(each) for outputs in found for each in outputs]

    checked = compare('onnx', [*wanted, *(each[:1] for each in wanted)], compute)
    shapes = ', '.join(f'{name} ({", ".join([batch, *map(str, each.shape[1:])])})'
                       for name, each in zip(network.names, wanted, strict=True))
    return (f'{checkpoint}: written to {out}\ninput: images ({batch}, {channels}, {height}, {width}), '
            f'{_input(network)}\n'
            f'outputs: {shapes}\nload it with\n    session = onnxruntime.InferenceSession({str(out)!r})\n    '
            f'{", ".join(network.names)} = session.run({network.names}, dict(images=images))\n{checked}')


def to_onnx(network: ImageNetwork, images: torch.Tensor,
            described: Mapping[str, str]) -> tuple[bytes, list[torch.Tensor]]:
    """The bytes of an ONNX file, and what the network gives for ``images`` (B > 1, C, H, W), whose size it takes; of a
    network that is not dynamic (1, C, H, W).

    Args:
        network: in eval mode.
        images: an example.
        described: what the file says of itself (``metadata_props``).
    """
    onnx = _import()
    shapes = ({0: torch.export.Dim('batch', min=1)},) if network.dynamic else None
    with torch.no_grad():
        wanted = list(network(images))  # first, or caches of the network would fill with symbols of the exporter
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of torch's own code, about what it will rename
            program = torch.onnx.export(network, (images,), dynamo=True, input_names=['images'], verbose=False,
                                        output_names=network.names, dynamic_shapes=shapes)
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
