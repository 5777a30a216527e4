"""Files of weights, read without running code from them."""

import argparse
import pickle
from pathlib import Path
from typing import Any

import torch


def read_checkpoint(path: Path | str, map_location: str | torch.device = 'cpu', trust: bool = False) -> dict[str, Any]:
    """Load a checkpoint that consists of tensors and plain types; nothing in the file is executed.

    The options of a command line (``argparse.Namespace``), which many authors put beside the weights, count as plain.

    Args:
        path: the file; ``.pkl`` is a pickle of arrays, as detectron2 has them.
        map_location: where tensors go.
        trust: load other Python objects too. **This runs code from the file**, so only for files from people you trust.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is empty, truncated, not a checkpoint, or holds other Python objects.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'checkpoint {path} does not exist')
    try:
        if path.suffix == '.pkl' and trust:
            with open(path, 'rb') as file:
                checkpoint = pickle.load(file, encoding='latin1')
        else:
            with torch.serialization.safe_globals([argparse.Namespace]):
                checkpoint = torch.load(path, map_location=map_location, weights_only=not trust)
    except Exception as error:  # on bytes that are no pickle the unpickler fails in any way
        if isinstance(error, pickle.UnpicklingError) and ('GLOBAL' in str(error) or 'Unsupported class' in str(error)):
            raise ValueError(
                f'checkpoint {path} holds Python objects beside tensors and plain types, which are not loaded because '
                'loading them would run code from the file. If you trust it, convert it once: mmwsl convert CHECKPOINT '
                'OUT --trust') from error
        # torch's UnpicklingError is a page of advice to load without the check, which would not help here
        text = 'not a pickle' if isinstance(error, pickle.UnpicklingError) else str(error).partition('\n')[0]
        raise ValueError(f'checkpoint {path} is not readable ({type(error).__name__}: {text}); is it truncated, or no '
                         'checkpoint at all?') from error
    if not isinstance(checkpoint, dict):
        raise ValueError(f'checkpoint {path} holds a {type(checkpoint).__name__}, not a dictionary')
    return checkpoint


def trained_classes(checkpoint: dict[str, Any]) -> list[str] | None:
    """Names of the classes that the network of a checkpoint was trained on; None where it does not say."""
    meta = checkpoint.get('meta')
    data = meta.get('dataset_meta') if isinstance(meta, dict) else None
    classes = data.get('classes') if isinstance(data, dict) else None
    return [str(name) for name in classes] if isinstance(classes, (list, tuple)) and classes else None
