"""Files of weights, read without running code from them."""

import argparse
import hashlib
import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mmwsl.checkpoints.names import find_backbone
from mmwsl.checkpoints.pretrained import find_pretrained, imagenet_classes, pretrained_name
from mmwsl.compat import check_torch

CLASSIFIER = 'head.classifier.'  # of an ImageClassifier


def read_checkpoint(path: Path | str, map_location: str | torch.device = 'cpu', trust: bool = False) -> dict[str, Any]:
    """Load a checkpoint that consists of tensors and plain types; nothing in the file is executed.

    The options of a command line (``argparse.Namespace``), which many authors put beside the weights, count as plain.

    Args:
        path: the file, or ``pretrained:NAME`` (see :mod:`mmwsl.checkpoints.pretrained`), which gives the network under
            our names; ``.pkl`` is a pickle of arrays, as detectron2 has them.
        map_location: where tensors go.
        trust: load other Python objects too. **This runs code from the file**, so only for files from people you trust.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is empty, truncated, not a checkpoint, or holds other Python objects; or it names the
            version of mmwsl that wrote it, and its bytes are not those that were written.
        RuntimeError: this torch is too old.

    Warns:
        UserWarning: the bytes of another project's file are not those that were written.
    """
    name = pretrained_name(path)
    if name is not None:
        state, _ = find_backbone(_load(find_pretrained(name), map_location))
        state = {_of_classifier(key): value for key, value in state.items()}
        return dict(state_dict=state, meta=_pretrained_meta(name))
    checkpoint = _load(Path(path), map_location, trust)
    damage = find_damage(path)
    if damage:
        what = f'checkpoint {path} is damaged: {damage}, so bits of it have changed'
        if _names_version(checkpoint):
            raise ValueError(f'{what}. Copy it again from where it came from, or use an older one')
        warnings.warn(f'{what}, or it was written without checksums. What it gives may be wrong', stacklevel=2)
    return checkpoint


def read_meta(path: Path | str) -> dict[str, Any]:
    """What a checkpoint says of itself (``meta``; empty if it has none), without reading its tensors or checking them.

    Raises:
        FileNotFoundError, ValueError, RuntimeError: as :func:`read_checkpoint`.
    """
    name = pretrained_name(path)
    if name is not None:
        find_pretrained(name)
        return _pretrained_meta(name)
    meta = _load(Path(path), 'cpu', mmap=True).get('meta')
    return meta if isinstance(meta, dict) else {}


def checkpoint_hash(path: Path | str) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of a file, by which records tell checkpoints apart."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()[:12]


def checkpoint_file(checkpoint: Path | str) -> Path:
    """The file of a checkpoint: its path, or that of ``pretrained:NAME``.

    Raises:
        FileNotFoundError: there is no such file, or the package is not installed.
        ValueError: see :func:`mmwsl.checkpoints.pretrained.find_pretrained`.
    """
    name = pretrained_name(checkpoint)
    path = Path(checkpoint) if name is None else find_pretrained(name)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    return path


def _pretrained_meta(name: str) -> dict[str, Any]:
    return dict(pretrained=name, saw_labels=True)


def _of_classifier(key: str) -> str:
    return CLASSIFIER + key.removeprefix('fc.') if key.startswith('fc.') else f'backbone.{key}'


def find_damage(path: Path | str) -> str | None:
    """What the checksums of a zip archive, as torch writes, say is wrong with it, in words; None where all is well.

    Files of old versions of torch are no archives and hold no checksums.
    """
    with open(path, 'rb') as file:
        if file.read(2) != b'PK':
            return None
    try:
        with zipfile.ZipFile(path) as archive:
            name = archive.testzip()
    except Exception as error:  # damaged lists of parts fail in any way
        return f'its list of parts is broken ({type(error).__name__}: {error})'
    return f'the checksum of its part {name} is wrong' if name else None


def _names_version(checkpoint: dict[str, Any]) -> bool:
    meta = checkpoint.get('meta')
    return isinstance(meta, dict) and 'mmwsl_version' in meta


def _load(path: Path, map_location: str | torch.device, trust: bool = False, mmap: bool = False) -> dict[str, Any]:
    path = checkpoint_file(path)
    check_torch()
    try:
        if path.suffix == '.pkl' and trust:
            with open(path, 'rb') as file:
                checkpoint = pickle.load(file, encoding='latin1')
        else:
            with torch.serialization.safe_globals([argparse.Namespace]):
                checkpoint = torch.load(path, map_location=map_location, weights_only=not trust, mmap=mmap)
    except Exception as error:  # on bytes that are no pickle the unpickler fails in any way
        objects = isinstance(error, pickle.UnpicklingError) and re.search('GLOBAL|Unsupported class', str(error))
        if objects or isinstance(error, RuntimeError) and 'weights_only' in str(error):
            what = 'Python objects beside tensors and plain types' if objects else 'code, as a TorchScript archive does'
            raise ValueError(f'checkpoint {path} holds {what}; it is not loaded, because that would run code from the '
                             'file. If you trust it, convert it once: mmwsl convert CHECKPOINT OUT --trust') from error
        # torch's UnpicklingError is a page of advice to load without the check, which would not help here
        text = 'not a pickle' if isinstance(error, pickle.UnpicklingError) else str(error).partition('\n')[0]
        raise ValueError(f'checkpoint {path} is not readable ({type(error).__name__}: {text}); is it truncated, or no '
                         'checkpoint at all?') from error
    if isinstance(checkpoint, nn.Module):  # a whole network, as only a trusted file can hold it
        checkpoint = dict(checkpoint.state_dict())
    if not isinstance(checkpoint, dict):
        raise ValueError(f'checkpoint {path} holds a {type(checkpoint).__name__}, not a dictionary')
    return checkpoint


def trained_classes(checkpoint: dict[str, Any]) -> list[str] | None:
    """Names of the classes that the network of a checkpoint was trained on; None where it does not say."""
    meta = checkpoint.get('meta')
    data = meta.get('dataset_meta') if isinstance(meta, dict) else None
    classes = data.get('classes') if isinstance(data, dict) else None
    return [str(name) for name in classes] if isinstance(classes, (list, tuple)) and classes else None


def class_names(meta: dict[str, Any] | None, count: int | None) -> list[str] | None:
    """Names of the ``count`` classes that a network tells apart, by its checkpoint's ``meta``; None if it is silent.

    Those of ImageNet count for pre-trained networks with their own classifier only.
    """
    if meta is not None and 'pretrained' in meta and count == len(imagenet_classes()):
        return imagenet_classes()
    return trained_classes(dict(meta=meta))
