"""Backbones in and out: other projects' checkpoints read, and ours written under their names."""

import pickle
from pathlib import Path
from typing import Any

import torch

from mmwsl import __version__
from mmwsl.checkpoints.names import check_known, find_backbone, find_tensors, is_head, their_names
from mmwsl.checkpoints.read import checkpoint_file, read_checkpoint
from mmwsl.files import check_writable, write_atomically


def read_backbone(path: Path | str, trust: bool = False) -> tuple[dict[str, torch.Tensor], str]:
    """The backbone of a checkpoint of any known layout (see ``mmwsl/checkpoints/names.py``), under our names.

    Args:
        path: the file.
        trust: see :func:`read_checkpoint`.

    Returns:
        tuple: state dict of tensors, and the layout in words.

    Raises:
        FileNotFoundError, ValueError: there is no such file, it cannot be read, or holds no weights.
    """
    return backbone_in(read_checkpoint(path, trust=trust), path)


def backbone_in(checkpoint: dict[str, Any], path: Path | str) -> tuple[dict[str, torch.Tensor], str]:
    """As :func:`read_backbone`, of a checkpoint that is read already; ``path`` is for messages."""
    try:
        state, layout = find_backbone(checkpoint)
        check_known(state, find_tensors(checkpoint))
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    return {key: torch.as_tensor(value) for key, value in state.items()}, layout


def convert(path: Path | str, out: Path | str, layout: str = 'mmwsl', trust: bool = False) -> str:
    """Write the backbone of a checkpoint to ``out`` under the names of ``layout``.

    Args:
        path: checkpoint of any known layout.
        out: file to write; detectron2 reads a ``.pkl``, everything else a ``.pth`` with ``state_dict``.
        layout: ``'mmwsl'``, ``'torchvision'``, ``'timm'``, ``'mmdet'`` or ``'detectron2'``.
        trust: see :func:`read_checkpoint`.

    Returns:
        str: what was found and written, in words.

    Raises:
        FileNotFoundError, ValueError: as :func:`read_backbone`; a layout without names for this backbone; ``out`` of
            another kind than the layout's.
    """
    out = check_writable(out)
    if (out.suffix == '.pkl') != (layout == 'detectron2'):
        raise ValueError(f'{out}: detectron2 reads .pkl files, and only detectron2 does; layout is {layout!r}')
    checkpoint = read_checkpoint(path, trust=trust)
    state, found = backbone_in(checkpoint, path)
    heads = [key for key in state if is_head(key)]
    state = {key: value for key, value in state.items() if key not in heads}
    others = len(find_tensors(checkpoint)) - len(state)
    named = their_names(state, layout)
    if layout == 'detectron2':
        content = dict(model={key: value.numpy() for key, value in named.items()}, __author__='mmwsl',
                       matching_heuristics=True)
        write_atomically(out, pickle.dumps(content))
    else:
        meta = checkpoint['meta'] if isinstance(checkpoint.get('meta'), dict) else {}
        content = dict(state_dict=named, meta=dict(converted_from=checkpoint_file(path).name, mmwsl_version=__version__,
                                                   saw_labels=meta.get('saw_labels')))
        write_atomically(out, lambda file: torch.save(content, file))
    left = f'; {others} other tensors left out' if others else ''
    left += f' ({", ".join(heads[:3])}{", ..." if len(heads) > 3 else ""})' if heads else ''
    return f'{path} ({found}): {len(state)} tensors of the backbone written to {out} as {layout} names them{left}'
