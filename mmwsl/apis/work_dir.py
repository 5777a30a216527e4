"""A work dir belongs to one training at a time, and what an earlier one left there is not overwritten unasked."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from mmwsl.dist import rank
from mmwsl.files import check_writable_folder, lock

LOCK = '.training.lock'


@contextlib.contextmanager
def claim(folder: Path | str, launcher: str = 'none', resume: bool = False, overwrite: bool = False,
          load_from: Path | str | None = None) -> Iterator[None]:
    """Make a work dir and hold it, on rank 0, for the training that runs in this context.

    Args:
        folder: the work dir.
        launcher: how ranks are started; they need not have met yet.
        resume: the training goes on from what is there.
        overwrite: move checkpoints and logs of an earlier training to ``old-DATE/`` in it.
        load_from: a checkpoint that may lie there.

    Raises:
        BlockingIOError: another training runs there.
        FileExistsError: there are checkpoints, and neither ``resume`` nor ``overwrite``.
        OSError: it cannot be written.
    """
    folder = check_writable_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if _number(launcher):
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(folder / LOCK, wait=False))
        except BlockingIOError as error:
            raise BlockingIOError(f'another training runs in {folder}; choose another --work-dir, or wait for its '
                                  'end') from error
        if not resume:
            _make_room(folder, overwrite, load_from)
        yield


def _number(launcher: str) -> int:
    """Number of this rank, from the environment before the ranks have met."""
    variable = dict(pytorch='RANK', slurm='SLURM_PROCID').get(launcher)
    return rank() or int(os.environ.get(variable, 0) if variable else 0)


def _make_room(folder: Path, overwrite: bool, load_from: Path | str | None) -> None:
    start = Path(load_from).resolve() if load_from else None
    checkpoints = [path for path in sorted(folder.glob('*.pth')) if path.resolve() != start]
    if not checkpoints:
        return
    if not overwrite:
        raise FileExistsError(f'{folder} holds {len(checkpoints)} checkpoints of another training, e.g. '
                              f'{checkpoints[0].name}: go on from them with --resume, move them (to old-DATE/ there) '
                              'with --overwrite, or choose another --work-dir')
    old = folder / time.strftime('old-%Y%m%d-%H%M%S')
    old.mkdir()
    logs = {path.parent for path in folder.glob('*/*.log') if not path.parent.name.startswith('old-')}
    for path in [*checkpoints, folder / 'last_checkpoint', *sorted(logs)]:
        if path.exists():
            shutil.move(path, old / path.name)
