import os
import stat

import pytest
import torch
import torch.distributed as dist

from mmwsl import compat

RANK_VARIABLES = ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT', 'LOCAL_RANK')


@pytest.fixture
def joined(monkeypatch):
    """An environment without ranks, and what init_process_group was called with."""
    for name in RANK_VARIABLES + tuple(name for name in os.environ if name.startswith('SLURM')):
        monkeypatch.delenv(name, raising=False)
    calls = []
    monkeypatch.setattr(dist, 'init_process_group', lambda backend, timeout: calls.append((backend, timeout)))
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    return calls


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


def test_torchrun_without_its_variables(joined, monkeypatch):
    with pytest.raises(RuntimeError, match='--launcher pytorch needs RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT in the '
                       'environment: start the tool with tools/dist_train.sh'):
        compat.init_process_group('pytorch')
    for name in RANK_VARIABLES[:3]:
        monkeypatch.setenv(name, '1')
    with pytest.raises(RuntimeError, match='needs MASTER_PORT in the environment'):
        compat.init_process_group('pytorch')
    assert joined == []


def test_gloo_without_a_gpu(joined, monkeypatch):
    for name in RANK_VARIABLES[:4]:
        monkeypatch.setenv(name, '1')
    compat.init_process_group('pytorch', backend='nccl', timeout=60)
    assert [(backend, timeout.total_seconds()) for backend, timeout in joined] == [('gloo', 60)]
    assert os.environ['LOCAL_RANK'] == '0'
    monkeypatch.delenv('LOCAL_RANK')


def test_slurm(joined, monkeypatch, tmp_path):
    with pytest.raises(RuntimeError, match='needs SLURM_PROCID in the environment: start with tools/slurm_train.sh'):
        compat.init_process_group('slurm')
    scontrol = tmp_path / 'scontrol'
    scontrol.write_text('#!/bin/sh\ntest "$*" = "show hostnames node[3-4]" && printf "node3\\nnode4\\n"\n')
    scontrol.chmod(scontrol.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    for name, value in dict(PROCID='5', NTASKS='8', LOCALID='1', NODELIST='node[3-4]').items():
        monkeypatch.setenv(f'SLURM_{name}', value)
    for name in RANK_VARIABLES:  # what the function sets is taken back afterwards
        monkeypatch.setenv(name, 'stale')
        monkeypatch.delenv(name)
    compat.init_process_group('slurm')
    assert [os.environ[name] for name in RANK_VARIABLES] == ['5', '8', 'node3', '29500', '1']
    assert joined[0][0] == 'gloo'
