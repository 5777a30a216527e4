"""The launchers of tools/, with two ranks on the processor."""

import os
import re
import socket
import stat
import sys

import numpy as np
import pytest
import torch
from tiny_runs import ROOT, SIMCLR, assert_same, log_text, read_state, run_process, train_here, write_config

from mmwsl.apis import extract, load_config, read_records
from mmwsl.cli import main

# Two steps on images without augmentation: what one process sees is the union of the ranks. At this learning rate rounding
# stays rounding: at the recipe's a step changes weights by their own size, and the next one magnifies the last digits.
PLAIN = """
data_preprocessor['views'] = [[], []]
digits['max_images'] = 64
train_dataloader['dataset']['max_images'] = 64
param_scheduler = None
optim_wrapper['optimizer'] = dict(lr=0.001)
train_cfg = dict(max_epochs=1)
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return str(listener.getsockname()[1])


def launch(script, *words, **variables):
    return run_process(['bash', ROOT / 'tools' / script, *words], PORT=free_port(), **variables)


@pytest.fixture(scope='module')
def two_ranks(tmp_path_factory):
    """What two ranks with 16 images each made of the tiny config: config, output, work dir."""
    folder = tmp_path_factory.mktemp('two_ranks')
    config = write_config(folder, SIMCLR, PLAIN)
    done = launch('dist_train.sh', config, '2', '--work-dir', folder / 'run', '--cfg-options',
                  'train_dataloader.batch_size=16')
    return config, done, folder / 'run'


@pytest.mark.slow
@pytest.mark.xdist_group('two_ranks')
class TestTwoRanks:

    def test_they_train(self, two_ranks):
        config, done, work_dir = two_ranks
        assert done.returncode == 0, done.stdout[-4000:]
        assert (work_dir / 'epoch_1.pth').is_file()
        log = log_text(work_dir)
        assert '64 images, 2 ranks x 16 per step: 2 steps an epoch, 2 steps in all' in log
        assert 'Distributed launcher: pytorch' in log and 'GPU number: 2' in log
        assert 'images per optimiser step' not in log  # 2 x 16 is the total it was tuned for
        meta = torch.load(work_dir / 'epoch_1.pth', weights_only=True)['meta']
        assert (meta['world_size'], meta['iter'], meta['epoch']) == (2, 2, 1)

    @pytest.mark.long
    def test_torchrun_of_an_installed_package_trains_the_same(self, two_ranks, tmp_path):
        """What docs/training.md names for those who have no clone."""
        config, _, work_dir = two_ranks
        done = run_process([
            sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2', '--master-port', free_port(), '-m', 'mmwsl',
            'train', config, '--launcher', 'pytorch', '--work-dir', tmp_path / 'run', '--cfg-options',
            'train_dataloader.batch_size=16'], cwd=tmp_path)
        assert done.returncode == 0, done.stdout[-4000:]
        ours, theirs = (torch.load(folder / 'epoch_1.pth', weights_only=True) for folder in (tmp_path / 'run', work_dir))
        assert (ours['meta']['world_size'], ours['meta']['iter']) == (2, 2)
        assert_same(ours['state_dict'], theirs['state_dict'])

    def test_weights_equal_those_of_one_rank(self, two_ranks, tmp_path):
        config, _, work_dir = two_ranks
        train_here(config, tmp_path / 'start', optim_wrapper__optimizer=dict(lr=0.0, weight_decay=0.0))
        train_here(config, tmp_path / 'one')
        start, one, two = (read_state(path / 'epoch_1.pth')['state_dict'] for path in (
            tmp_path / 'start', tmp_path / 'one', work_dir))
        for key, value in one.items():
            difference = (value.double() - two[key].double()).abs().max().item()
            assert difference < 1e-4 * max(1, value.abs().max().item()), f'{key} differs by {difference}'
        weights = [key for key in one if key.endswith(('weight', 'bias'))]
        difference, change = (torch.cat([(one[key] - other[key]).flatten() for key in weights]).norm().item()
                              for other in (two, start))
        assert change > 0.01
        assert difference < 0.01 * change  # a gradient off by the number of ranks would be half of it

    def test_dist_test_equals_one_process(self, two_ranks, tmp_path):
        config, _, work_dir = two_ranks
        checkpoint = work_dir / 'epoch_1.pth'
        done = launch('dist_test.sh', config, checkpoint, '2', '--out', tmp_path / 'two.jsonl')
        assert done.returncode == 0, done.stdout[-4000:]
        assert main(['test', str(config), str(checkpoint), '--out', str(tmp_path / 'one.jsonl')]) == 0
        one, two = (read_records(tmp_path / f'{name}.jsonl') for name in ('one', 'two'))
        assert [(record['metric'], record['value']) for record in two] == [
            (record['metric'], record['value']) for record in one]
        assert len(two) == 2  # one rank writes
        assert done.stdout.count('| simclr |') == 1

    def test_extract_on_two_ranks_equals_one_process(self, two_ranks, tmp_path):
        config, _, work_dir = two_ranks
        done = run_process([
            sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2', '--master_port', free_port(),
            ROOT / 'tools' / 'extract.py', config, work_dir / 'epoch_1.pth', '--out', tmp_path / 'two.npz',
            '--launcher', 'pytorch', '--cfg-options', 'benchmark.test.max_images=51'])  # an odd number
        assert done.returncode == 0, done.stdout[-4000:]
        one = extract(load_config(config, {'benchmark.test.max_images': 51}), work_dir / 'epoch_1.pth')
        with np.load(tmp_path / 'two.npz') as two:
            assert np.allclose(two['features'], one.features.numpy(), rtol=1e-4, atol=1e-5)
            assert two['labels'].tolist() == one.labels.tolist()


@pytest.mark.slow
def test_missing_config():
    done = launch('dist_train.sh', 'absent.py', '1')
    assert done.returncode != 0
    assert 'mmwsl train: FileNotFoundError: config absent.py does not exist' in done.stdout


@pytest.mark.parametrize('script, words', [('dist_train.sh', ['config.py']), ('dist_test.sh', ['config.py', 'a.pth']),
                                           ('slurm_train.sh', ['part', 'job', 'config.py']),
                                           ('slurm_test.sh', ['part', 'job', 'config.py'])])
def test_too_few_words(script, words):
    done = run_process(['bash', ROOT / 'tools' / script, *words])
    assert done.returncode != 0
    assert f'Usage: bash tools/{script} ' in done.stdout


def recorder(folder, name):
    """A program that writes down its words and what it finds in the environment."""
    program = folder / name
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/words\nenv > {folder}/environment\nexit 7\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_what_dist_train_passes_on(tmp_path):
    program = recorder(tmp_path, 'python')
    done = run_process(
        ['env', f'PYTHON={program}', 'bash', ROOT / 'tools' / 'dist_train.sh', 'a b.py', '4', '--cfg-options', 'x=[1, 2]'],
        cwd=tmp_path, PORT='29511', NNODES='2', NODE_RANK='1', MASTER_ADDR='host7')
    assert done.returncode == 7  # the exit code of the training
    assert (tmp_path / 'words').read_text().splitlines() == [
        '-m', 'torch.distributed.run', '--nnodes=2', '--node_rank=1', '--master_addr=host7', '--master_port=29511',
        '--nproc_per_node=4', str(ROOT / 'tools' / 'train.py'), 'a b.py', '--launcher', 'pytorch', '--cfg-options',
        'x=[1, 2]']
    assert re.search(rf'^PYTHONPATH={re.escape(str(ROOT))}(:|$)', (tmp_path / 'environment').read_text(), re.M)


@pytest.mark.parametrize('script, words, tail', [
    ('slurm_train.sh', ['part', 'my job', 'c.py', 'work', '--amp'],
     ['c.py', '--work-dir', 'work', '--launcher', 'slurm', '--amp']),
    ('slurm_test.sh', ['part', 'my job', 'c.py', 'a.pth'], ['c.py', 'a.pth', '--launcher', 'slurm'])])
def test_what_slurm_scripts_pass_on(tmp_path, script, words, tail):
    recorder(tmp_path, 'srun')
    done = run_process(['bash', ROOT / 'tools' / script, *words], cwd=tmp_path, GPUS='4', SRUN_ARGS='--qos=a --mem=2G',
                       PATH=f'{tmp_path}{os.pathsep}{os.environ["PATH"]}')
    assert done.returncode == 7
    tool = {'slurm_train.sh': 'train.py', 'slurm_test.sh': 'test.py'}[script]
    assert (tmp_path / 'words').read_text().splitlines() == [
        '-p', 'part', '--job-name=my job', '--gres=gpu:4', '--ntasks=4', '--ntasks-per-node=4', '--cpus-per-task=5',
        '--kill-on-bad-exit=1', '--qos=a', '--mem=2G', sys.executable, '-u', str(ROOT / 'tools' / tool), *tail]
