"""OpenSelfSup's shell interface, as its users type it."""

import pytest
import torch
from test_dist_train import free_port
from tiny_runs import ROOT, SIMCLR, log_text, run_process, train_here, write_config

from mmwsl.apis import read_records

LINEAR = """
_base_ = 'mmwsl::benchmarks/linear/linear_quick_r18w16_1xb256-cos-4e_cifar10.py'
digits = dict(type='Digits', size=16)
model = dict(backbone=dict(base_channels=4))
data_preprocessor = dict(views=[[]])
train_dataloader = dict(batch_size=64, dataset=dict(_delete_=True, **digits, split='train', max_images=128))
test_dataloader = dict(dataset=dict(_delete_=True, **digits, split='test', max_images=60))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=1)
param_scheduler = None
auto_scale_lr = dict(base_batch_size=32)
benchmark = dict(_delete_=True, dataset='Digits')
"""


def script(name, *words, cwd, **variables):
    return run_process(['bash', ROOT / 'tools' / 'benchmarks' / name, *words], cwd=cwd, PORT=free_port(), **variables)


@pytest.mark.slow
@pytest.mark.long
def test_linear(tmp_path):
    """The backbone of the checkpoint, frozen; the config's total batch on two ranks; two checkpoints of one name stay
    apart in the records."""
    config = write_config(tmp_path, LINEAR, name='linear.py')
    checkpoint = tmp_path / 'run' / 'epoch_1.pth'
    train_here(write_config(tmp_path), tmp_path / 'run', train_cfg__max_epochs=1)
    for _ in range(2):
        done = script('dist_train_linear.sh', config, checkpoint, '--cfg-options', 'model.head.init_std=0.02',
                      cwd=tmp_path, GPUS='2')
        assert done.returncode == 0, done.stdout[-4000:]
        assert done.stdout.count('| linear online top1 ') == 1  # one rank prints
        # other weights under the same name
        state = torch.load(checkpoint, weights_only=True)
        state['state_dict']['backbone.conv1.weight'] *= -1
        torch.save(state, checkpoint)
    folders = sorted((tmp_path / 'work_dirs' / 'linear').glob('linear_online_*'))
    assert len(folders) == 2
    assert '128 images, 2 ranks x 16 per step' in log_text(folders[0])
    assert 'init_std=0.02' in log_text(folders[0])
    records = [record for record in read_records(tmp_path / 'work_dirs' / 'linear' / 'records.jsonl')
               if record['metric'] == 'linear_online_top1']
    assert len({record['settings']['checkpoint']['sha256'] for record in records}) == len(records) == 2
    assert all(record['method'] == 'epoch_1' and record['dataset'] == 'Digits' for record in records)

    odd = script('dist_train_semi.sh', config, checkpoint, cwd=tmp_path, GPUS='3')
    assert odd.returncode != 0 and 'its 32 images a step do not divide among 3 ranks' in odd.stdout


@pytest.mark.slow
@pytest.mark.long
def test_svm(tmp_path, voc_root):
    config = write_config(tmp_path, SIMCLR)
    size = [f'benchmark.{part}.{key}' for part, name in (('train', 'train'), ('test', 'val')) for key in (
        f'data_root={voc_root.parent}', f'sets=VOC2007/{name}', 'pipeline.0.size=64', 'max_images=200')]
    options = ' '.join(['--pooling', 'adaptive', '--protocols', 'svm', '--cfg-options', *size,
                        'benchmark.protocols.svm.costs=quick', 'benchmark.num_workers=0'])
    done = script('dist_test_svm_pretrain.sh', config, 'random', 'feat4 feat5', cwd=tmp_path, OPTIONS=options)
    assert done.returncode == 0, done.stdout[-4000:]
    records = read_records(tmp_path / 'work_dirs' / 'tiny' / 'svm' / 'random.jsonl')
    assert {record['layer'] for record in records} == {3, 4}


def test_usage(tmp_path):
    for name in ('dist_train_linear.sh', 'dist_train_semi.sh', 'dist_test_svm_pretrain.sh', 'dist_test_svm_epoch.sh'):
        done = script(name, cwd=tmp_path)
        assert done.returncode == 2 and 'Usage: ' in done.stdout and name in done.stdout
    wrong = script('dist_test_svm_pretrain.sh', 'a.py', 'random', 'feat6', cwd=tmp_path)
    assert wrong.returncode == 1 and 'feat6 is unknown' in wrong.stdout
    absent = script('dist_test_svm_epoch.sh', write_config(tmp_path), '7', cwd=tmp_path)
    assert absent.returncode != 0 and 'epoch_7.pth' in absent.stdout
