"""A disk that is full at some byte of what is written: nothing half is left, it is said, and the work goes on later."""

import contextlib
import errno
import io
import json
import os
import shutil
import subprocess

import numpy as np
import pytest
import torch
from forked_runs import STEPS, finish, run_command, series, start, write_short
from tiny_runs import assert_same, read_state, train_here, write_config

from mmwsl import files
from mmwsl.checkpoints.read import read_checkpoint
from mmwsl.cli import main
from mmwsl.files import append_json_lines, full_disk, read_json_lines, write_atomically

LEVELS = 20
SAID = 'No space left on device'


class _FullDisk(io.FileIO):
    """A file on a disk with room for so many bytes more."""

    room = 0

    def write(self, data):
        data, position, end = memoryview(data).cast('B'), self.tell(), os.fstat(self.fileno()).st_size
        possible = end - position + _FullDisk.room
        if not possible:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = super().write(data[:possible])
        _FullDisk.room -= max(0, position + count - end)
        return count


@contextlib.contextmanager
def full_after(count):
    """Files that are written whole have room for ``count`` bytes, all of them together."""

    def opened(path, mode='r', *arguments, **settings):
        if mode != 'xb':
            return open(path, mode, *arguments, **settings)
        return io.BufferedWriter(_FullDisk(path, 'x'))

    _FullDisk.room = count
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, 'open', opened, raising=False)
        yield


def levels(size, count=LEVELS):
    """``count`` sizes from 0 to one byte less than ``size``."""
    return [round((size - 1) * number / (count - 1)) for number in range(count)]


def some_levels():
    """Numbers of levels, the last among them: all of them in the whole series."""
    return range(LEVELS - 1, -1, -LEVELS // series(4, LEVELS))


STATE = dict(many=torch.arange(50_000.), few=torch.zeros(3), meta=dict(iter=3))
WRITERS = dict(
    text=lambda path: write_atomically(path, 'a line of a table\n' * 3000),
    checkpoint=lambda path: write_atomically(path, lambda file: torch.save(STATE, file)),
    features=lambda path: write_atomically(path, lambda file: np.savez(file, features=np.ones((300, 50)), index=[1, 2])))


@pytest.mark.parametrize('what', WRITERS)
def test_files_at_twenty_levels(tmp_path, what):
    path, write = tmp_path / 'a', WRITERS[what]
    write(path)
    size = path.stat().st_size
    path.write_bytes(b'old')
    for room in levels(size):
        with full_after(room), pytest.raises(OSError, match=f'{SAID}: .*a is not written, and what stood there stays; make'):
            write(path)
        assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['a'], room
    with full_after(size):
        write(path)
    assert path.stat().st_size == size


def test_records_at_twenty_levels(tmp_path):
    path = tmp_path / 'records.jsonl'
    append_json_lines(path, [dict(number=number) for number in range(50)])
    old, more = path.read_bytes(), [dict(number=number) for number in range(50, 100)]
    for room in levels(2 * len(old)):
        with full_after(room), pytest.raises(OSError, match=SAID):
            append_json_lines(path, more)
        assert path.read_bytes() == old and os.listdir(tmp_path) == ['records.jsonl'], room
    append_json_lines(path, more)
    assert [value['number'] for _, value in read_json_lines(path, '')] == list(range(100))


def test_another_error_is_not_taken_for_a_full_disk():
    assert full_disk(ValueError('x')) is None and full_disk(OSError(errno.EIO, 'x')) is None
    try:
        try:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        finally:
            raise RuntimeError('of the writer')
    except RuntimeError as error:
        assert full_disk(error).errno == errno.EDQUOT


def check_checkpoints(folder, capsys, chosen):
    """Trainings that find the disk full within a checkpoint that is not the first; they go on where there is space."""
    config = write_short(folder)
    train_here(config, folder / 'whole')
    last = f'iter_{STEPS}.pth'
    whole, size = read_state(folder / 'whole' / last), (folder / 'whole' / last).stat().st_size
    for number in chosen:
        room, work_dir = size + len(config.read_bytes()) + 50_000 + levels(size)[number], folder / f'full_{number}'
        command = ['train', str(config), '--work-dir', str(work_dir), '--cfg-options',
                   f'experiment_name=full_{number}_{os.getpid()}']
        capsys.readouterr()
        with full_after(room):
            assert main(command) == 1, number
        assert SAID in capsys.readouterr().err
        left, = work_dir.glob('*.pth')
        assert read_checkpoint(left)['meta']['iter'] == int(left.stem[5:]) >= 1 and not list(work_dir.glob('.*.tmp'))
        assert (work_dir / 'last_checkpoint').read_text() == str(left)
        command[-1] += '_again'
        assert main([*command, '--resume']) == 0
        assert_same(whole, read_state(work_dir / last), f'level {number}')


@pytest.mark.slow
def test_a_checkpoint_that_does_not_fit(tmp_path, capsys):
    check_checkpoints(tmp_path, capsys, [9])


@pytest.mark.long
def test_checkpoints_at_twenty_levels(tmp_path, capsys):
    check_checkpoints(tmp_path, capsys, some_levels())


# On a real file system, where one can be mounted ------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A function that gives an empty file system with so many KB."""
    mounted = []

    def mount(kilobytes):
        folder = tmp_path / f'disk_{len(mounted)}'
        folder.mkdir()
        command = ['mount', '-t', 'tmpfs', '-o', f'size={kilobytes}k', 'tmpfs', str(folder)]
        if not shutil.which('mount') or subprocess.run(command, capture_output=True).returncode:
            pytest.skip('no file system can be mounted here')
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(['umount', '-l', str(folder)], check=True)


def _used(disk):
    status = os.statvfs(disk)
    return (status.f_blocks - status.f_bfree) * status.f_bsize // 1024


def _whole_files(disk):
    """Content of every file but logs; raises for one that is not whole."""
    for path in disk.rglob('*'):
        if path.suffix == '.pth':
            read_checkpoint(path)
        elif path.suffix == '.npz':
            with np.load(path) as arrays:
                assert all(len(arrays[name]) for name in arrays)
        elif path.suffix == '.jsonl':
            list(read_json_lines(path, ''))
        elif path.suffix == '.py' and path.parent.name != 'vis_data':
            compile(path.read_text(), path, 'exec')
            assert path.stat().st_size
    assert not list(disk.rglob('.*.tmp'))


@pytest.mark.long
def test_a_training_on_a_full_disk(tmp_path, small_disk):
    """At twenty sizes from nothing to one that is just too small; logs, configs and the lock lie there too."""
    config, whole_disk, output = write_short(tmp_path), small_disk(50_000), tmp_path / 'output.txt'
    command = ['train', config, '--cfg-options', 'experiment_name=disk', '--work-dir']
    assert finish(start(run_command, output, *command, whole_disk / 'run')) == 0
    last = f'iter_{STEPS}.pth'
    whole = read_state(whole_disk / 'run' / last)
    needed, resumed = _used(whole_disk), 0
    needed += (whole_disk / 'run' / last).stat().st_size // 1024  # the old one stays until the new one is whole
    for number in some_levels():
        disk, output = small_disk(50_000), tmp_path / f'output_{number}.txt'
        room = 4 + (needed - 16) * number // LEVELS
        ballast = disk / 'ballast'
        ballast.write_bytes(b'x' * 1024 * (50_000 - room - 8))
        code = finish(start(run_command, output, *command, disk / 'run'))
        text = output.read_text()
        assert code != 0 and SAID in text, (number, room, text[-2000:])
        assert 'Traceback' not in text.rpartition('--- Logging error ---')[2].rpartition('mmwsl train:')[2]
        _whole_files(disk)
        begun = any(disk.rglob('*.pth'))
        ballast.unlink()
        assert finish(start(run_command, output, *command, disk / 'run', '--resume')) == 0, output.read_text()[-3000:]
        assert_same(whole, read_state(disk / 'run' / last), f'{room} KB')
        resumed += begun
    assert 0 < resumed < len(some_levels())  # some had saved before


@pytest.mark.long
def test_features_and_records_on_a_full_disk(tmp_path, small_disk):
    config, disk, output = write_config(tmp_path), small_disk(4000), tmp_path / 'output.txt'
    commands = {'features.npz': ['extract', config, 'random', '--out'],
                'records.jsonl': ['benchmark', config, 'random', '--protocols', 'knn', '--out']}
    for name, command in commands.items():
        out = disk / name
        for _ in range(2):
            assert finish(start(run_command, output, *command, out)) == 0, output.read_text()[-3000:]
        old, needed = out.read_bytes(), -(-out.stat().st_size // 1024)
        for number in some_levels():
            ballast = disk / 'ballast'
            free = 4000 - _used(disk) - needed * number // LEVELS // 4 * 4
            ballast.write_bytes(b'x' * 1024 * free)
            said = tmp_path / f'{name}_{number}.txt'
            code = finish(start(run_command, said, *command, out))
            ballast.unlink()
            assert code == 1 and SAID in said.read_text() and 'Traceback' not in said.read_text(), (number, said.read_text())
            assert out.read_bytes() == old and not list(disk.glob('.*')), number
        assert finish(start(run_command, output, *command, out)) == 0
    assert len(list(read_json_lines(disk / 'records.jsonl', ''))) == 3 * len(old.splitlines()) // 2
    assert json.loads(old.splitlines()[0])['protocol'] == 'knn'
