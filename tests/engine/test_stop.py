"""Signals, and two trainings in one work dir."""

import itertools
import os
import signal
import subprocess
import sys
import time

import pytest
from tiny_runs import ROOT, SIMCLR, assert_same, child_environment, log_text, read_state, train_here, write_config

from mmwsl.apis.work_dir import LOCK, claim
from mmwsl.cli import main
from mmwsl.engine import stop
from mmwsl.files import lock

KILL = """
import os
import signal

from mmengine.hooks import Hook

from mmwsl.registry import HOOKS


@HOOKS.register_module()
class KillItself(Hook):
    '''Sends this process a signal in the middle of a step, or before an epoch's first.'''

    def __init__(self, number, iteration=None, epoch=None):
        self.number, self.iteration, self.epoch = number, iteration, epoch

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.iteration:
            os.kill(os.getpid(), self.number)

    def before_train_epoch(self, runner):
        if runner.epoch == self.epoch:
            os.kill(os.getpid(), self.number)
            raise AssertionError('the pass goes on')
"""


@pytest.fixture
def killing(tmp_path, monkeypatch):
    (tmp_path / 'kill_itself.py').write_text(KILL)
    monkeypatch.syspath_prepend(tmp_path)
    return 'custom_imports = dict(imports=["kill_itself"])\n'


def test_one_checkpoint_is_left_of_two_stops(tmp_path, killing):
    config, work_dir = write_config(tmp_path, SIMCLR), tmp_path / 'run'
    train_here(config, tmp_path / 'whole')
    for step, resume in ((2, False), (5, True)):
        hook = f'custom_hooks = [dict(type="KillItself", number={int(signal.SIGTERM)}, iteration={step - 1})]\n'
        with pytest.raises(SystemExit):
            train_here(write_config(tmp_path, SIMCLR, killing + hook, f'killed_{step}.py'), work_dir, resume=resume)
        assert [path.name for path in work_dir.glob('*.pth')] == [f'iter_{step}.pth']
    train_here(config, work_dir, resume=True)
    assert_same(read_state(tmp_path / 'whole' / 'epoch_2.pth'), read_state(work_dir / 'epoch_2.pth'))


@pytest.mark.parametrize('place, step', [(dict(iteration=3), 4), (dict(iteration=13), 14), (dict(iteration=9), 10),
                                         (dict(epoch=1), 10)])
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_after_its_step(tmp_path, killing, number, place, step):
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    config, work_dir = write_config(tmp_path, SIMCLR), tmp_path / 'run'
    train_here(config, tmp_path / 'whole')
    killed = write_config(tmp_path, SIMCLR, killing + f'custom_hooks = [dict(type="KillItself", number={int(number)}, **{place})]\n',
                          'killed.py')
    with pytest.raises(SystemExit) as ended:
        train_here(killed, work_dir)
    assert ended.value.code == dict(SIGTERM=143, SIGINT=130)[number.name]
    assert {each: signal.getsignal(each) for each in before} == before
    log = log_text(work_dir)
    assert f'{number.name}: stopped after iteration {step}, which is saved in {work_dir / f"iter_{step}.pth"}' in log
    assert '--resume' in log
    train_here(config, work_dir, resume=True)
    assert_same(read_state(tmp_path / 'whole' / 'epoch_2.pth'), read_state(work_dir / 'epoch_2.pth'))
    assert sorted(path.name for path in work_dir.glob('*.pth')) == ['epoch_1.pth', 'epoch_2.pth']  # no remains


WAIT = """
import signal
import time

from mmwsl.engine.stop import StopSignals

with StopSignals():
    print('ready', flush=True)
    while signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        time.sleep(0.05)
    print('received', flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_a_second_signal_ends_at_once(tmp_path):
    process = subprocess.Popen([sys.executable, '-c', WAIT], env=child_environment(), stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline() == b'ready\n'
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):  # as from timeout
        process.send_signal(number)
        time.sleep(0.01)
    assert process.stdout.readline() == b'received\n' and process.poll() is None  # a step may be running
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == -signal.SIGTERM


@pytest.mark.parametrize('seconds, most', [(0.01, stop.AGREE_STEPS), (0.5, 4), (1.5, 1), (7, 1)])
def test_ranks_ask_each_other_every_few_seconds(monkeypatch, seconds, most):
    """Whatever a step takes, and however long the passes between epochs and the first step are."""
    now, asked = [0.], []
    monkeypatch.setattr(stop.time, 'monotonic', lambda: now[0])
    monkeypatch.setattr(stop.dist, 'new_group', lambda backend: backend)
    monkeypatch.setattr(stop.dist, 'all_reduce', lambda *_, group: asked.append(now[0]))
    signals = stop.StopSignals(ranks=2)
    for _ in range(2):
        signals.check('before_train_epoch')
        now[0] += 1000
        begin = now[0]
        for step in range(50):
            signals.check('before_train_iter')
            now[0] += 9 * seconds if step == 0 else seconds
        times = [each for each in asked if each >= begin] + [now[0]]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)][1:]
        assert max(gaps) <= max(stop.AGREE_SECONDS, seconds) + 1e-6
        assert round(max(gaps) / seconds) == most
        signals.check('before_val')
        now[0] += 1000
        signals.check('after_val_epoch')


HOLD = 'import sys, time\nfrom mmwsl.files import lock\n' \
       'with lock(sys.argv[1], wait=False):\n    print("held", flush=True)\n    time.sleep(600)\n'


def test_a_second_training_in_a_work_dir_is_refused(tmp_path, capsys):
    config, work_dir = write_config(tmp_path), tmp_path / 'run'
    work_dir.mkdir()
    process = subprocess.Popen([sys.executable, '-c', HOLD, str(work_dir / LOCK)], env=child_environment(), cwd=ROOT,
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b'held\n'
        assert main(['train', str(config), '--work-dir', str(work_dir), '--resume']) == 1
        assert f'another training runs in {work_dir}' in capsys.readouterr().err
        assert [path.name for path in work_dir.iterdir()] == [LOCK]
    finally:
        process.kill()
        process.wait()
    with claim(work_dir), lock(work_dir / LOCK, wait=False):  # it went with its process
        pass


def test_another_rank_does_not_ask_for_the_lock(tmp_path, monkeypatch):
    monkeypatch.setenv('RANK', '1')
    (tmp_path / 'epoch_1.pth').write_bytes(b'')
    with claim(tmp_path, 'pytorch'):
        assert not (tmp_path / LOCK).exists()
    with pytest.raises(FileExistsError), claim(tmp_path, 'none'):
        pass


def test_a_begun_run_is_not_overwritten_unasked(tmp_path, capsys):
    config, work_dir = write_config(tmp_path), tmp_path / 'run'
    train_here(config, work_dir, train_cfg__max_epochs=1)
    first = (work_dir / 'epoch_1.pth').read_bytes()
    command = ['train', str(config), '--work-dir', str(work_dir), '--epochs', '1']
    assert main(command) == 1
    assert 'holds 1 checkpoints of another training, e.g. epoch_1.pth: go on from them with --resume, move them' in \
        capsys.readouterr().err
    assert (work_dir / 'epoch_1.pth').read_bytes() == first
    logs = [path.parent.name for path in work_dir.glob('*/*.log')]
    (work_dir / 'notes.txt').write_text('mine')
    assert main([*command, '--overwrite', '--seed', '3', '--cfg-options', f'experiment_name=over_{os.getpid()}']) == 0
    old, = work_dir.glob('old-*')
    assert (old / 'epoch_1.pth').read_bytes() == first and [each.name for each in old.iterdir() if each.is_dir()] == logs
    assert (work_dir / 'epoch_1.pth').is_file() and (work_dir / 'notes.txt').is_file()
    assert main([*command, '--overwrite', '--resume']) == 1


def test_weights_in_the_work_dir_may_be_started_from(tmp_path):
    config, work_dir = write_config(tmp_path), tmp_path / 'run'
    train_here(config, tmp_path / 'first', train_cfg__max_epochs=1)
    work_dir.mkdir()
    (tmp_path / 'first' / 'epoch_1.pth').rename(work_dir / 'start.pth')
    assert train_here(config, work_dir, load_from=str(work_dir / 'start.pth'), train_cfg__max_epochs=1).iter == 10


@pytest.mark.slow
def test_two_ranks_stop_after_the_same_step(tmp_path):
    config = write_config(tmp_path, SIMCLR, """
train_cfg = dict(max_epochs=2000)
default_hooks['checkpoint'] = dict(interval=2000)
""")
    work_dir = tmp_path / 'run'
    with open(tmp_path / 'output.txt', 'w') as output:
        process = subprocess.Popen(
            [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node', '2', '-m', 'mmwsl', 'train',
             str(config), '--work-dir', str(work_dir), '--launcher', 'pytorch'], env=child_environment(), cwd=ROOT,
            stdout=output, stderr=output, start_new_session=True)
        deadline = time.monotonic() + 300
        while 'Epoch(train)' not in log_text(work_dir) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGTERM)  # and torchrun hands it on: twice for the ranks
        process.wait(timeout=60)
    saved, = work_dir.glob('*.pth')
    state = read_state(saved)
    assert saved.name == f'iter_{state["iter"]}.pth' and state['iter'] > 0
    assert f'SIGTERM: stopped after iteration {state["iter"]}' in log_text(work_dir)
