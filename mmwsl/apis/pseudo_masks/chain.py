"""Steps that stand on each other: one that is whole, of the same settings and inputs, is skipped; one that was cut off
goes on."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmwsl.files import write_atomically

NOTE = 'step.json'


def digest(*parts: Any) -> str:
    """Hash of settings and of the digests of inputs: 16 hexadecimal digits, another one where anything is another."""
    plain = [part.to_dict() if isinstance(part, Config) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:16]


def run_step(folder: Path, name: str, settings: str, work: Callable[[], Any], notice: str = '') -> Any:
    """Do a step in its folder, unless that was done with the same settings.

    What ``work`` leaves half done it must be able to go on from. The step's folder of other settings is moved to
    ``old-DATE-NAME`` beside it: nothing of it may get into the new result, and nothing is lost.

    Args:
        folder: of the step.
        name: printed with what is done.
        settings: :func:`digest` of all that decides the result.
        work: makes the result; what it returns, of JSON's kinds, is kept.
        notice: printed behind the name.

    Returns:
        What ``work`` returned, now or then.

    Raises:
        FileExistsError: the folder holds something else.
    """
    note = folder / NOTE
    before = json.loads(note.read_text(encoding='utf-8')) if note.is_file() else None
    if before is None and folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f'{folder} holds something else than this step ({name}); choose another --out')
    if before and before['settings'] != settings:
        old = folder.with_name(f'old-{time.strftime("%Y%m%d-%H%M%S")}-{folder.name}')
        folder.rename(old)
        print(f'{name}: made with other settings; what was there is now {old}', flush=True)
        before = None
    if before and before['done']:
        print(f'{name}: done before', flush=True)
        return before['result']
    print(f'{name}: {"goes on" if before else "begins"}{notice}', flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    _write(note, settings, False, None)
    result = work()
    _write(note, settings, True, result)
    return result


def _write(note: Path, settings: str, done: bool, result: Any) -> None:
    write_atomically(note, json.dumps(dict(settings=settings, done=done, result=result), indent=1))
