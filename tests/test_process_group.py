"""Joining the ranks of a launcher."""

import os
import stat

import pytest
import torch
import torch.distributed as dist

from mmwsl.dist import init_process_group

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


def test_torchrun_without_its_variables(joined, monkeypatch):
    with pytest.raises(RuntimeError, match='--launcher pytorch needs RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT in the '
                       'environment: start the command with torchrun --nproc-per-node N -m mmwsl'):
        init_process_group('pytorch')
    for name in RANK_VARIABLES[:3]:
        monkeypatch.setenv(name, '1')
    with pytest.raises(RuntimeError, match='needs MASTER_PORT in the environment'):
        init_process_group('pytorch')
    assert joined == []


def test_gloo_without_a_gpu(joined, monkeypatch):
    for name in RANK_VARIABLES[:4]:
        monkeypatch.setenv(name, '1')
    init_process_group('pytorch', backend='nccl', timeout=60)
    assert [(backend, timeout.total_seconds()) for backend, timeout in joined] == [('gloo', 60)]
    assert os.environ['LOCAL_RANK'] == '0'
    monkeypatch.delenv('LOCAL_RANK')


def test_slurm(joined, monkeypatch, tmp_path):
    with pytest.raises(RuntimeError, match='needs SLURM_PROCID in the environment: start ranks by srun python -m mmwsl'):
        init_process_group('slurm')
    scontrol = tmp_path / 'scontrol'
    scontrol.write_text('#!/bin/sh\ntest "$*" = "show hostnames node[3-4]" && printf "node3\\nnode4\\n"\n')
    scontrol.chmod(scontrol.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    for name, value in dict(PROCID='5', NTASKS='8', LOCALID='1', NODELIST='node[3-4]').items():
        monkeypatch.setenv(f'SLURM_{name}', value)
    for name in RANK_VARIABLES:  # what the function sets is taken back afterwards
        monkeypatch.setenv(name, 'stale')
        monkeypatch.delenv(name)
    init_process_group('slurm')
    assert [os.environ[name] for name in RANK_VARIABLES] == ['5', '8', 'node3', '29500', '1']
    assert joined[0][0] == 'gloo'
