"""Files that are written whole or not at all, lines of text and JSON, and locks between processes.

Also where the configs lie that ship with mmwsl.
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import mmwsl

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # of a file system that has none
LOCKED = (errno.EAGAIN, errno.EACCES)  # POSIX allows either
Content = str | bytes | Callable[[BinaryIO], object]


def check_writable(path: Path | str) -> Path:
    """Fail early if the file ``path`` cannot be written; nothing is made.

    Returns:
        Path.

    Raises:
        ValueError: the name is empty.
        OSError: ``path`` is a folder, or a link to nothing; it, or the folder that it lies or is to lie in, may not be
            written; a folder on the way is a file; or a name is too long.
    """
    as_folder, path = str(path).endswith(os.sep), _named(path)
    if as_folder or os.path.isdir(path):
        raise IsADirectoryError(f'{path} is a folder; name a file in it')
    if _is_special(path):
        _check_permission(path, path)
        return path
    if os.path.islink(path) and not os.path.exists(path):
        raise FileNotFoundError(_leads_nowhere(path, path))
    if os.path.exists(path):
        _check_permission(path, path)
    _check_place(path, Path(os.path.realpath(path)).parent, [_temporary(path).name])
    return path


def check_writable_folder(path: Path | str) -> Path:
    """Fail early if the folder ``path`` cannot be made, or if no file can be made in it; nothing is made.

    Returns:
        Path.

    Raises:
        ValueError: the name is empty.
        OSError: ``path``, or a folder on the way to it, is a file, a link to nothing, or may not be written; or a name
            is too long.
    """
    path = _named(path)
    _check_place(path, path)
    return path


def _named(path: Path | str) -> Path:
    if not str(path):
        raise ValueError('the name of what is to be written is empty; give one')
    return Path(path)


def _check_place(path: Path, folder: Path, names: Iterable[str] = ()) -> None:
    """Raise OSError unless ``names``, and before them ``folder``, can be made; ``path`` is for the message."""
    missing = list(names)
    while not os.path.lexists(folder):
        missing.append(folder.name)
        folder = folder.parent
    if not os.path.exists(folder):
        raise FileNotFoundError(_leads_nowhere(path, folder))
    if not os.path.isdir(folder):
        raise NotADirectoryError(f'{path} cannot be written: {folder} is a file, not a folder; choose another place')
    _check_permission(path, folder)
    longest = os.pathconf(folder, 'PC_NAME_MAX')
    if any(len(os.fsencode(name)) > longest for name in missing):
        raise OSError(f'{path} cannot be written: a name in it is too long; give a shorter one')
    probe = folder / f'.{secrets.token_hex(4)}.tmp'  # permissions do not tell what root, or a file system, may not do
    try:
        probe.touch(exist_ok=False)
    except OSError as error:
        raise OSError(f'{path} cannot be written: no file can be made in {folder} ({error.strerror}); choose another '
                      'place') from error
    probe.unlink()


def _check_permission(path: Path, part: Path) -> None:
    if not os.access(part, os.W_OK):
        raise PermissionError(f'{path} cannot be written: no permission for {part}; choose another place')


def _leads_nowhere(path: Path, link: Path) -> str:
    return (f'{path} cannot be written: {link} is a link to {os.readlink(link)}, which does not exist; make that, or '
            'remove the link')


def write_atomically(path: Path | str, content: Content) -> None:
    """Write a file so that ``path`` is either the old one or the whole new one, whenever a process dies.

    Its folder is made. A link stays one: what it leads to is written. What is no ordinary file, such as
    ``/dev/stdout``, is written to as it is.

    Args:
        path: the file.
        content: str (written as UTF-8), bytes, or a function that writes to the open binary file it is called with,
            e.g. ``lambda file: torch.save(state, file)``.
    """
    path = Path(path)
    if _is_special(path):
        with open(path, 'wb') as file:
            _write(file, content)
        return
    path = _followed(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        with open(temporary, 'xb') as file:
            _write(file, content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    """A name of its own beside ``path``: several processes may write it at a time, of several machines even."""
    return path.with_name(f'.{path.name}.{secrets.token_hex(4)}.tmp')


def _followed(path: Path) -> Path:
    """The file that a link leads to, which need not exist; what is no link as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _is_special(path: Path) -> bool:
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _write(file: BinaryIO, content: Content) -> None:
    if callable(content):
        content(file)
    else:
        file.write(content.encode('utf-8') if isinstance(content, str) else content)


@contextlib.contextmanager
def lock(path: Path | str, wait: bool = True) -> Iterator[BinaryIO]:
    """Hold the file ``path``, made if it is missing, so that no other process that asks for it goes on meanwhile.

    A POSIX record lock: it ends with the process, however that ends, and holds between the machines of a shared disk.
    It does not hold between threads, and it is lost when this process closes ``path`` elsewhere: whoever holds it reads
    from the file that is yielded. Another file may take the place of ``path`` meanwhile.

    Args:
        path: the file; its folder must exist.
        wait: for a process that holds it; otherwise that is an error.

    Yields:
        The file, opened to read and to append, in binary.

    Raises:
        BlockingIOError: another process holds it, and ``wait`` is False.

    Warns:
        UserWarning: the file system has no locks; nothing is held then.
    """
    while True:
        with open(path, 'a+b') as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in LOCKED:
                    raise BlockingIOError(error.errno, f'{path} is held by another process') from error
                if error.errno not in NO_LOCKS:
                    raise
                warnings.warn(f'the file system of {path} has no locks ({error}): make sure that only one process '
                              'writes there')
            if _is_still(path, file):
                yield file
                return


def _is_still(path: Path | str, file: BinaryIO) -> bool:
    """Whether ``path`` is the open ``file`` and not one that took its place."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def read_lines(path: Path | str) -> list[str]:
    """The lines of a text file in UTF-8, without a byte-order mark.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is not such a text.
    """
    try:
        return Path(path).read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a UTF-8 text file: {error}') from error


def append_json_lines(path: Path | str, values: Iterable[Any]) -> None:
    """Add ``values`` to the file ``path``, one a line; all of them or none, whenever a process dies.

    Several processes may do so at a time. A last line that was cut off, by a process that died, is dropped; a whole one
    that lacks only its line break stays. A link stays one.

    Raises:
        ValueError, TypeError: a value that JSON does not have, such as NaN; the file stays as it was.
    """
    lines = ''.join(json.dumps(value, allow_nan=False) + '\n' for value in values).encode()
    if _is_special(Path(path)):
        with open(path, 'ab') as file:
            file.write(lines)
        return
    path = _followed(Path(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with lock(path) as file:
        file.seek(0)
        whole, end, last = file.read().rpartition(b'\n')
        if last and _is_json(last):
            last += b'\n'
        else:
            last = b''
        write_atomically(path, whole + end + last + lines)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def read_json_lines(path: Path | str, source: str, drop_cut: bool = False) -> Iterator[tuple[int, Any]]:
    """Yield the number and the value of each line that is not empty.

    Args:
        path: the file.
        source: what writes or holds such files, for the message where there is none.
        drop_cut: leave out a last line that is not JSON because its writer died, or is still at it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a line is not JSON; the message has its number.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist; {source}')
    *lines, last = path.read_bytes().split(b'\n')
    if not drop_cut or _is_json(last):
        lines.append(last)
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:  # not JSON, or not UTF-8
                raise ValueError(f'{path}, line {number}: not JSON ({error}); was the file cut off? Remove the line') \
                    from error


def configs_root() -> Path:
    """Folder of the configs that ship with mmwsl: inside the installed package, or beside it in a clone.

    Raises:
        FileNotFoundError: neither exists.
    """
    package = Path(mmwsl.__file__).parent
    for folder in (package / 'configs', package.parent / 'configs'):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f'no configs folder in {package} or beside it; reinstall mmwsl')


def shipped_configs() -> list[str]:
    """Names of the shipped configs that can be run, sorted, as seen from :func:`configs_root`, with ``/``."""
    root = configs_root()
    files = (file.relative_to(root) for file in root.rglob('*.py'))
    return sorted(file.as_posix() for file in files if '_base_' not in file.parts)
