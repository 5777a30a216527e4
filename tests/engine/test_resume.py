"""What a resumed run takes from its checkpoint, and what from its config."""

import os
import shutil
import warnings

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.optim.scheduler import CosineAnnealingLR, LinearLR, MultiStepLR
from tiny_runs import SIMCLR, assert_same, log_text, read_state, train_here, write_config

from mmwsl.cli import main
from mmwsl.engine.resume import check_sizes, config_values, differences, newest_first, position, step_schedulers

STEPS = 10
EVERY_FIFTH = "default_hooks['checkpoint'] = dict(by_epoch=False, interval=5, max_keep_ckpts=-1)\n"


def rates(runner):
    return runner.message_hub.get_scalar('train/lr').data[0]


def test_values_of_a_config_are_read_without_running_it(tmp_path):
    mark = tmp_path / 'mark'
    text = f"""
import os
open({str(mark)!r}, 'w').close()
lr = open({str(mark)!r}, 'w').close()
model = dict(type='A', sizes=(1, 2), parts=[dict(x=1), dict(x=2.5)], rest={{'a-b': None}}, empty=dict())
"""
    assert config_values(text) == {
        'lr': f'open({str(mark)!r}, \'w\').close()', 'model.type': "'A'", 'model.sizes': '(1, 2)', 'model.parts.0.x': '1',
        'model.parts.1.x': '2.5', 'model.rest.a-b': 'None', 'model.empty': 'dict()'}
    assert not mark.exists()
    assert config_values('no python (') == {}


def test_differences_of_configs():
    then = "work_dir = 'a'\noptim_wrapper = dict(optimizer=dict(lr=0.1, type='SGD'))\ngone = 1\n"
    now = "work_dir = 'b'\noptim_wrapper = dict(optimizer=dict(type='SGD', lr=0.2))\nnew = [1, 2]\n"
    assert differences(then, now) == {'optim_wrapper.optimizer.lr': '0.1 -> 0.2', 'gone': '1 -> (none)',
                                      'new': '(none) -> [1, 2]'}
    assert differences('', now) == {}  # a checkpoint that says nothing of its config


def test_sizes_are_compared_where_they_are_known():
    now = dict(batch_size=16, world_size=2, dataset_size=320)
    check_sizes(dict(now), now, 'a.pth')
    check_sizes({}, now, 'a.pth')  # of version 0.1
    with pytest.raises(ValueError, match='a.pth was trained with other numbers: 32 images a rank and step then, 16 now; 1 '
                       'ranks then, 2 now'):
        check_sizes(dict(batch_size=32, world_size=1, dataset_size=320), now, 'a.pth')


@pytest.mark.parametrize('meta, steps, anew, expected', [
    (dict(epoch=2, iter=20, steps_per_epoch=10), 10, False, (2, 20)),
    (dict(epoch=1, iter=13, steps_per_epoch=10), 10, False, (1, 13)),
    (dict(epoch=1, iter=13, steps_per_epoch=10), 20, True, (2, 40)),
    (dict(epoch=2, iter=20, steps_per_epoch=10), 5, True, (2, 10)),
    (dict(epoch=2, iter=13, steps_per_epoch=10), 10, False, (1, 13)),  # max_iters was 13, and is more now
])
def test_position(meta, steps, anew, expected):
    assert position(meta, steps, anew, max_iters=100) == expected


def test_newest_is_that_of_the_latest_iteration(tmp_path):
    for number, iteration in enumerate((100, 20, 90, 100)):
        torch.save(dict(meta=dict(iter=iteration)), tmp_path / f'{number}.pth')
        os.utime(tmp_path / f'{number}.pth', (1000 + number, 1000 + number))
    (tmp_path / 'bad.pth').write_bytes(b'bad')
    said = []
    assert [path.name for path in newest_first(tmp_path.glob('*.pth'), said.append)] == ['3.pth', '0.pth', '2.pth', '1.pth']
    assert len(said) == 1 and 'bad.pth is not readable' in said[0]


def test_stepped_schedulers_equal_those_of_a_training():
    def build():
        wrapper = OptimWrapper(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.3))
        return wrapper, [LinearLR(wrapper, 0.01, by_epoch=False, end=7),
                         CosineAnnealingLR(wrapper, T_max=33, by_epoch=False, begin=7, end=40),
                         MultiStepLR(wrapper, milestones=[1, 3], gamma=0.1)]
    trained, schedulers = build()
    expected = []
    for epoch in range(4):
        for _ in range(10):
            trained.optimizer.step()
            [each.step() for each in schedulers if not each.by_epoch]
            expected.append((epoch, trained.param_groups[0]['lr']))
        [each.step() for each in schedulers if each.by_epoch]
        expected[-1] = (epoch + 1, trained.param_groups[0]['lr'])
    for iteration in (1, 7, 10, 25, 30, 40):
        wrapper, schedulers = build()
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            step_schedulers(schedulers, expected[iteration - 1][0], iteration, 10)
        assert wrapper.param_groups[0]['lr'] == expected[iteration - 1][1]  # bit for bit


def test_learning_rate_weight_decay_and_length_follow_the_config(tmp_path):
    config = write_config(tmp_path, SIMCLR, EVERY_FIFTH)
    changed = dict(optim_wrapper__optimizer__lr=0.1, optim_wrapper__optimizer__weight_decay=0.5, train_cfg__max_epochs=3)
    whole = rates(train_here(config, tmp_path / 'whole', **changed))
    train_here(config, tmp_path / 'run')
    momenta = read_state(tmp_path / 'run' / 'iter_20.pth')['optimizer']['state']
    stopped = tmp_path / 'stopped'
    stopped.mkdir()
    shutil.copy(tmp_path / 'run' / 'iter_20.pth', stopped)
    runner = train_here(config, stopped, resume=True, **changed)
    assert runner.iter == 30 and rates(runner)[20:].tolist() == whole[20:].tolist()
    state = read_state(stopped / 'iter_30.pth')['optimizer']
    assert {group['weight_decay'] for group in state['param_groups']} == {0.5}
    assert momenta.keys() == state['state'].keys() and len(momenta) > 5
    log = log_text(stopped)
    assert 'the config differs from that of' in log and 'optim_wrapper.optimizer.lr: 0.24 -> 0.1' in log
    assert 'optim_wrapper.optimizer.weight_decay: ' in log and 'train_cfg.max_epochs: 2 -> 3' in log
    # and the momenta are those of the file: a run without them goes elsewhere
    anew = train_here(config, tmp_path / 'anew', load_from=str(tmp_path / 'run' / 'iter_20.pth'), **changed)
    assert not torch.equal(anew.model.backbone.conv1.weight, runner.model.backbone.conv1.weight)


def test_schedules_made_anew_equal_those_of_the_file(tmp_path):
    """What is listed but changes nothing (here a name beside the optimiser) leaves the run as it was, bit for bit."""
    config = write_config(tmp_path, SIMCLR, EVERY_FIFTH)
    train_here(config, tmp_path / 'whole')
    (tmp_path / 'parts').mkdir()
    shutil.copy(tmp_path / 'whole' / 'iter_15.pth', tmp_path / 'parts')
    train_here(config, tmp_path / 'parts', resume=True, train_cfg__val_interval=7)
    assert 'train_cfg.val_interval: 1 -> 7' in log_text(tmp_path / 'parts') or \
        'train_cfg.val_interval: (none) -> 7' in log_text(tmp_path / 'parts')
    assert_same(read_state(tmp_path / 'whole' / 'iter_20.pth'), read_state(tmp_path / 'parts' / 'iter_20.pth'))


def test_resume_anew_starts_at_the_next_epoch_with_other_numbers(tmp_path):
    config = write_config(tmp_path, SIMCLR, EVERY_FIFTH)
    train_here(config, tmp_path / 'run', train_cfg__max_epochs=1)
    (tmp_path / 'run' / 'iter_10.pth').unlink()
    whole = rates(train_here(config, tmp_path / 'whole', train_dataloader__batch_size=16))
    runner = train_here(config, tmp_path / 'run', resume_anew=True, train_dataloader__batch_size=16)
    assert (runner.epoch, runner.iter) == (2, 40)
    assert len(rates(runner)) == 5 + 20  # the second epoch, of 20 steps now
    assert rates(runner)[5:].tolist() == whole[20:].tolist()
    log = log_text(tmp_path / 'run')
    assert 'resumed epoch: 1, iter: 20' in log and 'train_dataloader.batch_size: 32 -> 16' in log


def test_a_copied_work_dir_goes_on_from_its_last_checkpoint(tmp_path):
    config = write_config(tmp_path, SIMCLR, EVERY_FIFTH)
    train_here(config, tmp_path / 'run', train_cfg__max_epochs=1)
    shutil.copytree(tmp_path / 'run', tmp_path / 'copy')
    os.utime(tmp_path / 'copy' / 'iter_5.pth')  # copied last
    train_here(config, tmp_path / 'copy', resume=True)
    assert f'resuming from {tmp_path / "copy" / "iter_10.pth"}' in log_text(tmp_path / 'copy')


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    """Some of mmengine's versions run the text of a config that a checkpoint holds."""
    config = write_config(tmp_path)
    train_here(config, tmp_path / 'run', train_cfg__max_epochs=1)
    path, mark = tmp_path / 'run' / 'epoch_1.pth', tmp_path / 'mark'
    checkpoint = torch.load(path, weights_only=True)
    checkpoint['meta'].update(cfg=f'open({str(mark)!r}, "w").close()', config=f'open({str(mark)!r}, "w").close()')
    torch.save(checkpoint, path)
    assert train_here(config, tmp_path / 'run', resume=True).epoch == 2 and not mark.exists()


BREAK = """
from mmengine.hooks import Hook

from mmwsl.registry import HOOKS


@HOOKS.register_module()
class BreakGradient(Hook):
    '''A weight becomes NaN in step 10, after its loss.'''

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter == 9:
            runner.model.backbone.conv1.weight.data[0, 0, 0, 0] = float('nan')
"""


def test_weights_that_are_not_finite_are_not_saved(tmp_path, monkeypatch, capsys):
    (tmp_path / 'break_gradient.py').write_text(BREAK)
    monkeypatch.syspath_prepend(tmp_path)
    config = write_config(tmp_path, SIMCLR, """
default_hooks['checkpoint'] = dict(by_epoch=False, interval=5, max_keep_ckpts=1)
custom_imports = dict(imports=['break_gradient'])
custom_hooks = [dict(type='BreakGradient')]
""")
    work_dir = tmp_path / 'run'
    assert main(['train', str(config), '--work-dir', str(work_dir), '--cfg-options',
                 f'experiment_name=nan_{os.getpid()}']) == 1
    assert 'backbone.conv1.weight is not finite, so iter_10.pth is not written' in capsys.readouterr().err
    assert [path.name for path in work_dir.glob('*.pth')] == ['iter_5.pth']
    assert read_state(work_dir / 'iter_5.pth')['state_dict']['backbone.conv1.weight'].isfinite().all()
