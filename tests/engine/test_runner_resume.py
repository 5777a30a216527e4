import os
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import torch
from tiny_runs import MOCO, SIMCLR, assert_same, child_environment, log_text, read_state, train_here, write_config

from mmwsl.cli import main

STEPS = 10  # of an epoch of the tiny config


@pytest.mark.parametrize('text', [SIMCLR, MOCO], ids=['simclr', 'moco'])
def test_resume_at_an_epoch_equals_an_uninterrupted_run(tmp_path, text):
    config = write_config(tmp_path, text)
    train_here(config, tmp_path / 'whole')
    whole = read_state(tmp_path / 'whole' / 'epoch_2.pth')
    (tmp_path / 'parts').mkdir()
    shutil.copy(tmp_path / 'whole' / 'epoch_1.pth', tmp_path / 'parts')
    first = read_state(tmp_path / 'parts' / 'epoch_1.pth')
    runner = train_here(config, tmp_path / 'parts', resume=True)
    assert_same(whole, read_state(tmp_path / 'parts' / 'epoch_2.pth'))
    assert (whole['epoch'], whole['iter']) == (2, 2 * STEPS)
    assert (first['epoch'], first['iter']) == (1, STEPS)
    # the comparison is of something: the second epoch changed all of it
    names = ['backbone.conv1.weight', 'backbone.bn1.running_mean']
    if text is MOCO:
        names += ['queue.features', 'queue.position', 'teacher.chain.0.conv1.weight', 'teacher.chain.0.bn1.running_var']
    for name in names:
        assert not torch.equal(first['state_dict'][name], whole['state_dict'][name]), name
    logged = [value for value in runner.message_hub.get_scalar('train/loss').data[0]]
    assert len(logged) == 2 * STEPS  # the log goes on as well
    log = log_text(tmp_path / 'parts')
    assert 'epoch_1.pth: ' in log and ' 0 missing, 0 unexpected' in log
    assert 'metainfo from the resumed checkpoint is different' not in log


def test_a_run_stopped_at_its_first_epoch_equals_one_epoch_of_it(tmp_path):
    """The checkpoint of epoch 1 is that of a run that ends there, if its schedule is the same."""
    config = write_config(tmp_path)
    train_here(config, tmp_path / 'two')
    train_here(config, tmp_path / 'one', train_cfg__max_epochs=1)
    assert_same(read_state(tmp_path / 'two' / 'epoch_1.pth')['state_dict'],
                read_state(tmp_path / 'one' / 'epoch_1.pth')['state_dict'])


EVERY_THIRD = "default_hooks['checkpoint'] = dict(by_epoch=False, interval=3, max_keep_ckpts=-1)\n"


@pytest.mark.parametrize('position', [3, 9, 12])
def test_resume_within_an_epoch(tmp_path, position):
    config = write_config(tmp_path, MOCO, EVERY_THIRD)
    train_here(config, tmp_path / 'whole')
    (tmp_path / 'parts').mkdir()
    shutil.copy(tmp_path / 'whole' / f'iter_{position}.pth', tmp_path / 'parts')
    train_here(config, tmp_path / 'parts', resume=True)
    assert_same(read_state(tmp_path / 'whole' / 'iter_20.pth'), read_state(tmp_path / 'parts' / 'iter_20.pth'))


PER_EPOCH = """
default_hooks['checkpoint'] = dict(by_epoch=False, interval=5, max_keep_ckpts=-1)
train_cfg = dict(max_epochs=3)
param_scheduler = [dict(type='MultiStepLR', milestones=[1, 2], gamma=0.5)]
"""


@pytest.mark.parametrize('position', [5, 10, 20])
def test_schedules_per_epoch_continue(tmp_path, position):
    """Also from a checkpoint of an epoch's last step, written before the schedule moved on."""
    config = write_config(tmp_path, SIMCLR, PER_EPOCH)
    runner = train_here(config, tmp_path / 'whole')
    rates = runner.message_hub.get_scalar('train/lr').data[0]
    assert rates.tolist() == pytest.approx([0.24] * 10 + [0.12] * 10 + [0.06] * 10)
    (tmp_path / 'parts').mkdir()
    shutil.copy(tmp_path / 'whole' / f'iter_{position}.pth', tmp_path / 'parts')
    resumed = train_here(config, tmp_path / 'parts', resume=True)
    assert resumed.message_hub.get_scalar('train/lr').data[0].tolist() == rates.tolist()
    assert_same(read_state(tmp_path / 'whole' / 'iter_30.pth'), read_state(tmp_path / 'parts' / 'iter_30.pth'))


def test_schedules_per_iteration_continue(tmp_path):
    """One warm-up epoch, as the shipped config says, then a cosine over what is left of the training."""
    config = write_config(tmp_path, SIMCLR, "train_cfg = dict(max_epochs=3)\ndefault_hooks['checkpoint'] = dict(max_keep_ckpts=3)\n")
    train_here(config, tmp_path / 'run')
    for epoch in (2, 3):
        (tmp_path / 'run' / f'epoch_{epoch}.pth').unlink()
    runner = train_here(config, tmp_path / 'run', resume=True)
    rates = runner.message_hub.get_scalar('train/lr').data[0]
    warm = [0.24 * (1e-4 + (1 - 1e-4) * step / (STEPS - 1)) for step in range(STEPS)]
    cosine = [0.12 * (1 + np.cos(np.pi * step / (2 * STEPS))) for step in range(2 * STEPS)]
    assert len(rates) == 3 * STEPS
    assert rates[:STEPS - 1] == pytest.approx(warm[:-1], rel=1e-3)
    assert rates[STEPS:] == pytest.approx(cosine, rel=1e-3)


def test_resuming_a_finished_run_trains_no_more(tmp_path):
    for extra in ('', EVERY_THIRD):
        config, work_dir = write_config(tmp_path, SIMCLR, extra), tmp_path / f'run{len(extra)}'
        train_here(config, work_dir)
        last = max(work_dir.glob('*.pth'), key=os.path.getmtime)
        before = read_state(last)
        runner = train_here(config, work_dir, resume=True)
        assert (runner.iter, runner.epoch) == (2 * STEPS, 2)
        assert_same(before, read_state(last))


def test_resume_with_another_number_of_steps(tmp_path):
    config = write_config(tmp_path)
    train_here(config, tmp_path / 'run', train_cfg__max_epochs=1)
    for options, said in ((dict(train_dataloader__batch_size=16), '32 images a rank and step then, 16 now'),
                          (dict(train_dataloader__dataset__max_images=310), '320 images then, 310 now')):
        with pytest.raises(ValueError, match=f'epoch_1.pth was trained with other numbers: {said}.*--resume-anew'):
            train_here(config, tmp_path / 'run', resume=True, **options)


def test_resume_with_another_architecture(tmp_path):
    config = write_config(tmp_path)
    train_here(config, tmp_path / 'run', train_cfg__max_epochs=1)
    with pytest.raises(ValueError, match=r'epoch_1.pth: \d+ tensors have another shape \(.*in the file.*in the model'):
        train_here(config, tmp_path / 'run', resume=True, model__neck__hidden_channels=24)
    with pytest.raises(ValueError, match='missing keys: neck.*; unexpected keys: none; resume with the config the run was'):
        train_here(config, tmp_path / 'run', resume=True, model__neck__last_norm=True)


def test_unreadable_checkpoints(tmp_path):
    config, work_dir = write_config(tmp_path), tmp_path / 'run'
    train_here(config, work_dir)
    whole = read_state(work_dir / 'epoch_2.pth')
    newest = work_dir / 'epoch_2.pth'
    newest.write_bytes(newest.read_bytes()[:-1000])
    train_here(config, work_dir, resume=True)
    log = log_text(work_dir)
    assert 'epoch_2.pth is not readable' in log and 'It is passed over; resuming from an older checkpoint.' in log
    assert f'resuming from {work_dir / "epoch_1.pth"}' in log
    assert_same(whole, read_state(newest))
    for path in work_dir.glob('*.pth'):
        path.write_bytes(b'')
    with pytest.raises(ValueError, match='--resume: none of the 2 checkpoints in .*run is readable; remove them'):
        train_here(config, work_dir, resume=True)


def test_resume_where_there_is_nothing(tmp_path):
    config = write_config(tmp_path)
    runner = train_here(config, tmp_path / 'run', resume=True, train_cfg__max_epochs=1)
    assert runner.iter == STEPS
    assert 'no checkpoint in' in log_text(tmp_path / 'run')
    with pytest.raises(FileNotFoundError, match='--resume: checkpoint absent.pth does not exist'):
        train_here(config, tmp_path / 'run', resume='absent.pth')


def test_named_checkpoint_is_resumed_rather_than_the_newest(tmp_path):
    config = write_config(tmp_path)
    train_here(config, tmp_path / 'run')
    shutil.copy(tmp_path / 'run' / 'epoch_1.pth', tmp_path / 'named.pth')
    train_here(config, tmp_path / 'other', resume=str(tmp_path / 'named.pth'))
    assert_same(read_state(tmp_path / 'run' / 'epoch_2.pth'), read_state(tmp_path / 'other' / 'epoch_2.pth'))


def test_load_from_takes_the_weights_only(tmp_path):
    config = write_config(tmp_path)
    train_here(config, tmp_path / 'run', train_cfg__max_epochs=1)
    saved = read_state(tmp_path / 'run' / 'epoch_1.pth')['state_dict']
    runner = train_here(config, tmp_path / 'other', load_from=str(tmp_path / 'run' / 'epoch_1.pth'),
                        optim_wrapper__optimizer__lr=0.0, train_cfg__max_epochs=1)
    assert runner.iter == STEPS
    weight = 'backbone.conv1.weight'
    assert torch.equal(runner.model.state_dict()[weight], saved[weight])
    with pytest.raises(ValueError, match='none of its 1 keys fits'):
        torch.save(dict(state_dict=dict(other=torch.zeros(1))), tmp_path / 'foreign.pth')
        train_here(config, tmp_path / 'third', load_from=str(tmp_path / 'foreign.pth'))


def test_fewer_images_than_a_batch(tmp_path):
    with pytest.raises(ValueError, match='an epoch has no step: 20 images a rank do not fill a batch of 32'):
        train_here(write_config(tmp_path), tmp_path / 'run', train_dataloader__dataset__max_images=20)


# Killed runs -------------------------------------------------------------------------------------------------------

HANG = """
import os
import time

from mmwsl.registry import HOOKS
from mmengine.hooks import Hook


@HOOKS.register_module()
class HangOnce(Hook):
    '''Stop in the middle of a step, as a run does that is about to be killed.'''

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == int(os.environ.get('HANG_AT', -1)):
            open(os.environ['HANG_MARK'], 'w').close()
            time.sleep(600)
"""

FOLDER = """
custom_imports = dict(imports=['hang_once'])
custom_hooks = [dict(type='HangOnce')]
train_dataloader = dict(batch_size=8, num_workers={workers}, dataset=dict(
    _delete_=True, type='ImageFolder', data_root={root!r}, supervision='none',
    pipeline=[dict(type='RandomCrops', num_views=2, size=16, scale=(0.3, 1.0), flip_prob=0.5)]))
if {workers}:
    train_dataloader['persistent_workers'] = True
data_preprocessor = dict(views=[[dict(type='RandomGrayscale', prob=0.5)]] * 2)
"""


@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    """56 JPEGs of 40 x 32, in two class folders: 7 batches of 8."""
    root = tmp_path_factory.mktemp('photos')
    generator = np.random.default_rng(0)
    for number in range(56):
        folder = root / f'class{number % 2}'
        folder.mkdir(exist_ok=True)
        coarse = generator.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{number:02d}.jpg'), cv2.resize(coarse, (40, 32)))
    return root


@pytest.mark.slow
@pytest.mark.parametrize('workers', [0, 2])
def test_killed_run_resumes_bit_for_bit(tmp_path, photos, workers, monkeypatch):
    (tmp_path / 'hang_once.py').write_text(HANG)
    monkeypatch.syspath_prepend(tmp_path)
    config = write_config(tmp_path, MOCO, FOLDER.format(root=str(photos), workers=workers) + EVERY_THIRD)
    train_here(config, tmp_path / 'whole')

    mark = tmp_path / 'mark'
    environment = child_environment(HANG_AT='11', HANG_MARK=str(mark))
    environment['PYTHONPATH'] += os.pathsep + str(tmp_path)
    with open(tmp_path / 'output.txt', 'w') as output:
        process = subprocess.Popen(
            [sys.executable, '-m', 'mmwsl', 'train', str(config), '--work-dir', str(tmp_path / 'killed')],
            env=environment, stdout=output, stderr=output, start_new_session=True)
        try:
            deadline = time.monotonic() + 600
            while not mark.exists() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            assert mark.exists(), (tmp_path / 'output.txt').read_text()[-3000:]
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # workers, which would notice their parent's death only later
            except ProcessLookupError:
                pass
            process.wait()
    found = sorted(path.name for path in (tmp_path / 'killed').glob('*.pth'))
    assert found == ['iter_3.pth', 'iter_6.pth', 'iter_9.pth']  # killed in step 12, in the middle of epoch 2 of 7 steps

    assert main(['train', str(config), '--work-dir', str(tmp_path / 'killed'), '--resume', '--cfg-options',
                 f'experiment_name=resumed_{workers}_{os.getpid()}']) == 0
    assert f'resuming from {tmp_path / "killed" / "iter_9.pth"}' in log_text(tmp_path / 'killed')
    for name in ('iter_12.pth', 'iter_14.pth'):
        assert_same(read_state(tmp_path / 'whole' / name), read_state(tmp_path / 'killed' / name))


@pytest.mark.slow
def test_workers_do_not_change_the_run(tmp_path, photos, monkeypatch):
    (tmp_path / 'hang_once.py').write_text(HANG)
    monkeypatch.syspath_prepend(tmp_path)
    for workers in (0, 1):
        config = write_config(tmp_path, SIMCLR, FOLDER.format(root=str(photos), workers=workers), f'w{workers}.py')
        train_here(config, tmp_path / f'run{workers}')
    assert_same(read_state(tmp_path / 'run0' / 'epoch_2.pth'), read_state(tmp_path / 'run1' / 'epoch_2.pth'))


def test_remains_of_a_killed_write_are_swept(tmp_path):
    config, work_dir = write_config(tmp_path), tmp_path / 'run'
    work_dir.mkdir()
    (work_dir / '.epoch_1.pth.4711.tmp').write_bytes(b'half a checkpoint')
    train_here(config, work_dir, resume=True, train_cfg__max_epochs=1)
    assert not list(work_dir.glob('.*.tmp')) and (work_dir / 'epoch_1.pth').is_file()
