"""Whether a network saw labels before: what checkpoints and records say of it.

True, False, or None where it is not known.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from mmwsl.checkpoints.read import read_meta


def any_labels(answers: Iterable[bool | None]) -> bool | None:
    """True if one is True, else None if one is None, else False."""
    answers = list(answers)
    return True if True in answers else None if None in answers else False


def start_saw_labels(model: Any) -> bool | None:
    """Whether the files that a model's config starts from (``init_cfg``) saw labels; False where it names none."""
    answers = []
    for checkpoint in _initial_files(model):
        try:
            answers.append(read_meta(checkpoint).get('saw_labels'))
        except (OSError, ValueError):  # a file by address, or of an old kind
            answers.append(None)
    return any_labels(answers)


def _initial_files(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if part.get('type') == 'Pretrained' and isinstance(part.get('checkpoint'), str):
            yield part['checkpoint']
        part = list(part.values())
    for each in part if isinstance(part, (list, tuple)) else ():
        yield from _initial_files(each)
