"""Stages of a long work, whose results are kept: what is stopped goes on from there."""

import hashlib
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.files import write_atomically
from mmwsl.progress import progress_bar

Arrays = dict[str, np.ndarray]


def make_key(*parts: Any) -> str:
    """A name for what a result depends on: other parts, other key."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


class Stages:
    """Results of stages in a folder, each an ``.npz`` beside the key of what it was made of.

    Args:
        folder: where they are kept.

    Attributes:
        seconds: stage -> seconds that it took, in this run or in the one that did it.
        running: name of the stage that is being worked on, for the message where it is stopped.
        reused: stages that were there already.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.seconds: dict[str, float] = {}
        self.reused: list[str] = []
        self.running = 'start'

    def run(self, name: str, key: str, compute: Callable[[], Arrays]) -> Arrays:
        """The arrays of a stage: as they were kept under the same key, else computed and kept."""
        self.running = name
        kept = self._read(self.folder / f'{name}.npz', key)
        if kept is not None:
            self.reused.append(name)
        else:
            began = time.monotonic()
            arrays = compute()
            kept = self._write(self.folder / f'{name}.npz', key, arrays, time.monotonic() - began)
        self.seconds[name] = float(kept.pop('seconds'))
        return kept

    def run_in_chunks(self, name: str, key: str, count: int, compute: Callable[[int, int], Arrays],
                      size: int, unit: str = 'photo') -> Arrays:
        """As :meth:`run`, of ``compute(start, stop)`` on ``size`` of ``count`` items at a time, kept when it is done.

        The rows of the chunks' arrays are put together. Shows one line of progress.
        """
        self.running = name
        kept = self._read(self.folder / f'{name}.npz', key)
        if kept is not None:
            self.reused.append(name)
            self.seconds[name] = float(kept.pop('seconds'))
            return kept
        parts, folder = [], self.folder / f'{name}.parts'
        with progress_bar(description=name.replace('_', ' '), total=count, unit=unit) as bar:
            for start in range(0, count, size):
                stop, path = min(start + size, count), folder / f'{start:07}.npz'
                part = self._read(path, key)
                if part is None:
                    began = time.monotonic()
                    part = self._write(path, key, compute(start, stop), time.monotonic() - began)
                parts.append(part)
                bar.update(stop - start)
        seconds = sum(float(part.pop('seconds')) for part in parts)
        arrays = {field: np.concatenate([part[field] for part in parts]) for field in parts[0]}
        self._write(self.folder / f'{name}.npz', key, arrays, seconds)
        shutil.rmtree(folder, ignore_errors=True)
        self.seconds[name] = seconds
        return arrays

    @staticmethod
    def _read(path: Path, key: str) -> Arrays | None:
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                if str(file['key']) != key:
                    return None
                return {name: file[name] for name in file.files if name != 'key'}
        except (EOFError, KeyError, OSError, ValueError, zipfile.BadZipFile):
            return None  # not whole: made again

    @staticmethod
    def _write(path: Path, key: str, arrays: Arrays, seconds: float) -> Arrays:
        arrays = dict(arrays, seconds=np.array(seconds))
        everything: dict[str, Any] = dict(arrays, key=np.array(key))
        write_atomically(path, lambda file: np.savez(file, **everything))
        return arrays
