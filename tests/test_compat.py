import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmwsl import compat


def test_old_names_of_arguments_work_with_a_warning():
    @compat.renamed_arguments(least='min_pixels')
    def seeds(maps, min_pixels=30):
        return maps, min_pixels

    assert seeds('maps', min_pixels=4) == ('maps', 4)
    with pytest.warns(DeprecationWarning, match='seeds: least is now called min_pixels') as caught:
        assert seeds('maps', least=2) == ('maps', 2)
    assert [warning.filename for warning in caught] == [compat.__file__]  # what the command line lets through
    with pytest.raises(TypeError, match='least is the old name of min_pixels'):
        seeds('maps', least=2, min_pixels=3)


@pytest.mark.parametrize('flags, expected', [('sse avx512f avx512_bf16', True), ('amx_bf16 amx_tile', True),
                                             ('sse avx2 avx512f', False)])
def test_cpu_has_bf16(monkeypatch, flags, expected):
    monkeypatch.setattr(compat.Path, 'read_text', lambda path: f'flags\t: {flags}\n')
    assert compat.cpu_has_bf16.__wrapped__() is expected


def test_cpu_has_bf16_elsewhere(monkeypatch):
    def no_such_file(path):
        raise FileNotFoundError(path)
    monkeypatch.setattr(compat.Path, 'read_text', no_such_file)
    assert compat.cpu_has_bf16.__wrapped__() is False


def test_autocast_dtype(monkeypatch):
    for native, expected in ((True, torch.bfloat16), (False, None)):
        monkeypatch.setattr(compat, 'cpu_has_bf16', lambda native=native: native)
        assert compat.autocast_dtype('cpu') is expected
    for native, expected in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda including_emulation, native=native: native)
        assert compat.autocast_dtype('cuda') is expected


@pytest.mark.parametrize('version, old', [('2.5.1', True), ('2.6.0+cu124', False), ('2.13.0', False), ('3.0', False)])
def test_the_oldest_torch_is_that_of_the_requirements(monkeypatch, version, old):
    requirements = (Path(__file__).parents[1] / 'requirements' / 'runtime.txt').read_text()
    assert f'torch>={compat.OLDEST_TORCH}\n' in requirements
    monkeypatch.setattr(torch, '__version__', version)
    if old:
        with pytest.raises(RuntimeError, match='install torch 2.6 or newer'):
            compat.check_torch()
    else:
        compat.check_torch()


PEAKS = '''
import numpy as np
from mmwsl import compat
compat.reset_peak_memory()
before = compat.peak_memory()
held = np.ones(2**24, np.int64)  # 128 MiB
print(compat.peak_memory() - before)
del held
compat.reset_peak_memory()
print(compat.peak_memory() - before)
'''


def test_the_peak_of_the_memory_is_counted_anew(monkeypatch):
    """In a process of its own: in this one others' memory comes and goes meanwhile."""
    done = subprocess.run([sys.executable, '-c', PEAKS], capture_output=True, text=True, check=True)
    held, after = (int(line) for line in done.stdout.split())
    assert held > 2**26 > after

    def no_such_file(path, *args):
        raise FileNotFoundError(path)
    monkeypatch.setattr(compat.Path, 'read_text', no_such_file)
    monkeypatch.setattr(compat.Path, 'write_text', no_such_file)
    compat.reset_peak_memory()  # another system: the peak since the start
    assert compat.peak_memory() > 2**27
