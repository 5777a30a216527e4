import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

from mmwsl import progress
from mmwsl.files import append_json_lines, check_writable, lock, read_json_lines, read_lines, write_atomically


@pytest.mark.parametrize('content, written', [
    ('Größe\n', 'Größe\n'.encode()), (b'\x00\xff', b'\x00\xff'), (lambda file: file.write(b'by hand'), b'by hand')])
def test_write_atomically(tmp_path, content, written):
    path = tmp_path / 'new' / 'folder' / 'a.txt'
    write_atomically(str(path), 'an older and longer text')
    write_atomically(path, content)
    assert path.read_bytes() == written
    assert os.listdir(path.parent) == ['a.txt']


def test_what_torch_and_numpy_write(tmp_path):
    write_atomically(tmp_path / 'a.pth', lambda file: torch.save(dict(x=torch.arange(3)), file))
    write_atomically(tmp_path / 'a.npz', lambda file: np.savez(file, x=np.arange(3)))
    assert torch.load(tmp_path / 'a.pth', weights_only=True)['x'].tolist() == [0, 1, 2]
    assert np.load(tmp_path / 'a.npz')['x'].tolist() == [0, 1, 2]


def test_write_atomically_interrupted(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('old')

    def half(file):
        file.write(b'half of it')
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, half)
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.txt']


def test_write_atomically_killed(tmp_path):
    """What a killed process leaves beside has a name that nobody takes for the file."""
    code = ('import os, signal, sys; from mmwsl.files import write_atomically\n'
            'def half(file):\n    file.write(b"half"); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n'
            'write_atomically(sys.argv[1], half)')
    path = tmp_path / 'a.txt'
    path.write_text('old')
    assert subprocess.run([sys.executable, '-c', code, str(path)]).returncode == -signal.SIGKILL
    assert path.read_text() == 'old'
    assert len(list(tmp_path.glob('.a.txt.*.tmp'))) == 1


def test_a_pipe_stays_a_pipe(tmp_path):
    path, read = tmp_path / 'pipe', []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()), daemon=True)
    reader.start()
    assert check_writable(path) == path
    write_atomically(path, 'text')
    reader.join(10)
    assert read == [b'text'] and path.is_fifo()


def test_check_writable(tmp_path, monkeypatch):
    path = tmp_path / 'new' / 'out.json'
    assert check_writable(str(path)) == path
    assert not path.parent.exists()  # only writing makes it
    for folder in (tmp_path, f'{tmp_path}/new/'):
        with pytest.raises(IsADirectoryError, match=f'{tmp_path}.* is a folder; name a file in it'):
            check_writable(folder)
    path.parent.mkdir()
    (tmp_path / 'file').write_text('')
    with pytest.raises(OSError):
        check_writable(tmp_path / 'file' / 'out.json')
    path.write_text('old')
    for refused in (path, path.parent):
        monkeypatch.setattr(os, 'access', lambda each, mode, refused=refused: each != refused)  # root may do all
        with pytest.raises(PermissionError, match=f'out.json cannot be written: no permission for {refused};'):
            check_writable(path)


def test_append_and_read(tmp_path):
    path = tmp_path / 'deep' / 'lines.jsonl'
    append_json_lines(path, [dict(a=1), 'ä'])
    append_json_lines(path, [[2.5, None]])
    assert path.read_text() == '{"a": 1}\n"\\u00e4"\n[2.5, null]\n'
    assert list(read_json_lines(path, '')) == [(1, dict(a=1)), (2, 'ä'), (3, [2.5, None])]
    assert os.listdir(path.parent) == ['lines.jsonl']


@pytest.mark.parametrize('values, error', [([1, float('nan')], ValueError), ([1, {1, 2}], TypeError)])
def test_append_all_or_nothing(tmp_path, values, error):
    with pytest.raises(error):
        append_json_lines(tmp_path / 'new' / 'lines.jsonl', values)
    assert not (tmp_path / 'new').exists()


@pytest.mark.parametrize('before, after', [
    ('{"a": 1}\n{"b": ', '{"a": 1}\n3\n'), ('{"b": ', '3\n'), ('{"a": 1}', '{"a": 1}\n3\n'), ('\n', '\n3\n')])
def test_append_drops_a_cut_line(tmp_path, before, after):
    """A whole one that lacks nothing but its end, as some editors leave it, stays."""
    path = tmp_path / 'lines.jsonl'
    path.write_text(before)
    append_json_lines(path, [3])
    assert path.read_text() == after


def test_two_processes_append(tmp_path):
    path = tmp_path / 'lines.jsonl'
    code = ('import sys; from mmwsl.files import append_json_lines\n'
            'for number in range(200):\n    append_json_lines(sys.argv[1], [[sys.argv[2], number]])')
    writers = [subprocess.Popen([sys.executable, '-c', code, str(path), name]) for name in 'ab']
    assert [writer.wait(120) for writer in writers] == [0, 0]
    lines = [value for _, value in read_json_lines(path, '')]
    assert len(lines) == 400
    for name in 'ab':
        assert [number for writer, number in lines if writer == name] == list(range(200))


def test_a_link_stays_one(tmp_path):
    """What it leads to is written, also where that is not there yet; nothing is left beside either."""
    (tmp_path / 'far').mkdir()
    link, file = tmp_path / 'records.jsonl', tmp_path / 'far' / 'all.jsonl'
    link.symlink_to(os.path.join('far', 'all.jsonl'))
    assert check_writable(link) == link
    append_json_lines(link, [1])
    append_json_lines(file, [2])
    append_json_lines(link, [3])
    assert link.is_symlink() and not file.is_symlink() and file.read_text() == '1\n2\n3\n'
    write_atomically(link, 'text')
    assert link.is_symlink() and file.read_text() == 'text'
    assert sorted(os.listdir(tmp_path)) == ['far', 'records.jsonl'] and os.listdir(tmp_path / 'far') == ['all.jsonl']


def test_two_processes_append_through_a_link_and_without(tmp_path):
    (tmp_path / 'link.jsonl').symlink_to('lines.jsonl')
    code = ('import sys; from mmwsl.files import append_json_lines\n'
            'for number in range(100):\n    append_json_lines(sys.argv[1], [[sys.argv[1][-10:], number]])')
    writers = [subprocess.Popen([sys.executable, '-c', code, str(tmp_path / name)]) for name in ('link.jsonl', 'lines.jsonl')]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert len(list(read_json_lines(tmp_path / 'lines.jsonl', ''))) == 200 and (tmp_path / 'link.jsonl').is_symlink()


def test_append_to_a_pipe(tmp_path):
    path, read = tmp_path / 'pipe', []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_bytes()), daemon=True)
    reader.start()
    append_json_lines(path, [1, 2])
    reader.join(10)
    assert read == [b'1\n2\n'] and path.is_fifo()


def test_read_bad_files(tmp_path):
    path = tmp_path / 'lines.jsonl'
    with pytest.raises(FileNotFoundError, match='lines.jsonl does not exist; a tool writes it'):
        list(read_json_lines(path, 'a tool writes it'))
    path.write_text('1\n\n{"a": 2}\r\n[3')
    with pytest.raises(ValueError, match=r'lines.jsonl, line 4: not JSON \(.*\); was the file cut off\? Remove'):
        list(read_json_lines(path, ''))
    assert list(read_json_lines(path, '', drop_cut=True)) == [(1, 1), (3, dict(a=2))]
    path.write_text('1\n[3\n2')
    with pytest.raises(ValueError, match='line 2: not JSON'):
        list(read_json_lines(path, '', drop_cut=True))
    path.write_bytes(b'1\n"\xff"\n')
    with pytest.raises(ValueError, match='line 2: not JSON'):
        list(read_json_lines(path, ''))
    path.write_text(json.dumps('a\u2028b', ensure_ascii=False) + '\n', encoding='utf-8')  # ends no line in JSON
    assert list(read_json_lines(path, '')) == [(1, 'a\u2028b')]


def test_read_lines(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes('\ufeffGröße 1\r\n\nb'.encode())
    assert read_lines(path) == ['Größe 1', '', 'b']
    path.write_bytes(b'a\n\xff')
    with pytest.raises(ValueError, match='list.txt is not a UTF-8 text file: .* position 2'):
        read_lines(path)
    with pytest.raises(FileNotFoundError):
        read_lines(tmp_path / 'none')


HOLD = 'import sys, time; from mmwsl.files import lock\nwith lock(sys.argv[1]):\n    print("held", flush=True)\n    time.sleep(60)'


def test_lock(tmp_path):
    """Held against other processes, freed when they are killed."""
    path = tmp_path / 'lock'
    with subprocess.Popen([sys.executable, '-c', HOLD, str(path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == 'held\n'
        with pytest.raises(BlockingIOError, match='lock is held by another process'):
            with lock(path, wait=False):
                pass
        threading.Timer(0.5, other.kill).start()
        start = time.perf_counter()
        with lock(path):
            assert time.perf_counter() - start > 0.3
    with lock(path, wait=False):
        pass


def test_lock_of_a_file_that_is_replaced(tmp_path):
    """Who waited for the old file locks the new one and reads what stands there."""
    path = tmp_path / 'a.txt'
    path.write_text('old')
    code = ('import sys; from mmwsl.files import lock\nprint("begun", flush=True)\n'
            'with lock(sys.argv[1]) as file:\n    file.seek(0); print(file.read().decode())')
    with lock(path):
        other = subprocess.Popen([sys.executable, '-c', code, str(path)], stdout=subprocess.PIPE, text=True)
        assert other.stdout.readline() == 'begun\n'
        time.sleep(0.3)
        write_atomically(path, 'new')
    assert other.communicate(timeout=60)[0] == 'new\n'


def test_no_locks(tmp_path, monkeypatch):
    def failing(number):
        def lockf(file, how):
            raise OSError(number, os.strerror(number))
        return lockf

    monkeypatch.setattr(fcntl, 'lockf', failing(errno.ENOLCK))
    with pytest.warns(UserWarning, match='the file system of .*lines.jsonl has no locks .*only one process'):
        append_json_lines(tmp_path / 'lines.jsonl', [1])
    assert (tmp_path / 'lines.jsonl').read_text() == '1\n'
    monkeypatch.setattr(fcntl, 'lockf', failing(errno.EIO))
    with pytest.raises(OSError, match='Input/output error'):
        append_json_lines(tmp_path / 'lines.jsonl', [2])
    assert (tmp_path / 'lines.jsonl').read_text() == '1\n'


def test_import_is_light():
    code = 'import sys; import mmwsl.files; assert not {"torch", "mmengine", "numpy"} & set(sys.modules), "heavy"'
    subprocess.run([sys.executable, '-c', code], check=True)


def test_the_old_name_of_progress(monkeypatch):
    monkeypatch.delitem(sys.modules, 'mmwsl.protocols.progress', raising=False)
    with pytest.warns(DeprecationWarning, match='mmwsl.protocols.progress is now mmwsl.progress; change the import'):
        from mmwsl.protocols.progress import progress_bar
    assert progress_bar is progress.progress_bar
