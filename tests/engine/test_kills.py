"""SIGKILL while a checkpoint is written and at any other moment, and two trainings that start at once."""

import ast
import random
import time

import pytest
from forked_runs import STEPS, finish, run_command, series, start, train, write_short
from tiny_runs import assert_same, log_text, read_state

from mmwsl.checkpoints.read import read_checkpoint

LAST = f'iter_{STEPS}.pth'
TAIL = 250  # of a save's calls and returns: the file is whole, gets its name, and old ones are removed


class Uninterrupted:
    """A run that nothing stopped: its config, last state, seconds, and the events of its saves."""

    def __init__(self, folder, keep):
        folder.mkdir()
        self.config = write_short(folder, keep)
        finish(start(print, folder / 'output.txt'))  # the first process takes longer to start
        begin = time.monotonic()
        process = start(train, folder / 'output.txt', self.config, folder / 'run', save_events=folder / 'events')
        assert finish(process) == 0, (folder / 'output.txt').read_text()[-3000:]
        self.seconds = time.monotonic() - begin
        self.events = ast.literal_eval((folder / 'events').read_text())
        self.state = read_state(folder / 'run' / LAST)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    runs, root = {}, tmp_path_factory.mktemp('whole')

    def get(keep):
        if keep not in runs:
            runs[keep] = Uninterrupted(root / str(keep), keep)
        return runs[keep]

    return get


def check_kills_while_writing(whole, keep, folder, count, seed):
    run, generator, saves = whole(keep), random.Random(seed), []
    assert len(run.events) == STEPS
    for number in range(count):
        save = generator.randint(1, STEPS)
        events = run.events[save - 1]
        event = generator.randint(1, events) if number % 2 else generator.randint(events - TAIL, events)
        work_dir, output = folder / f'killed_{number}', folder / f'output_{number}.txt'
        where = f'save {save}, event {event} of {events}'
        assert finish(start(train, output, run.config, work_dir, kill_at=(save, event))) == -9, where
        left = {path.name: read_checkpoint(path)['meta']['iter'] for path in work_dir.glob('*.pth')}  # each is whole
        assert max(left.values(), default=0) in (save - 1, save), (where, left)
        assert finish(start(train, output, run.config, work_dir, resume=True)) == 0, output.read_text()[-3000:]
        if left:
            assert f'resuming from {work_dir}/iter_{max(left.values())}.pth' in log_text(work_dir), where
        assert_same(run.state, read_state(work_dir / LAST), where)
        found = sorted(path.name for path in work_dir.iterdir() if path.suffix in ('.pth', '.tmp'))
        assert found == [f'iter_{step}.pth' for step in range(STEPS - keep + 1, STEPS + 1)], where
        saves.append(max(left.values(), default=0) == save)
    return saves


@pytest.mark.slow
def test_kills_while_writing(whole, tmp_path):
    check_kills_while_writing(whole, 1, tmp_path, 2, seed=1)


@pytest.mark.long
@pytest.mark.parametrize('keep', [1, 2])
def test_many_kills_while_writing(whole, tmp_path, keep):
    saves = check_kills_while_writing(whole, keep, tmp_path, series(5, 40), seed=10 + keep)
    assert 0 < sum(saves) < len(saves)  # the new file was whole in some of them, and not in others


def check_kills_at_any_moment(whole, folder, count, seed):
    run, generator, kills = whole(1), random.Random(seed), []
    for number in range(count):
        work_dir, output = folder / f'killed_{number}', folder / f'output_{number}.txt'
        killed = 0
        while True:  # a run that is resumed may be killed again
            process = start(train, output, run.config, work_dir, resume=killed > 0)
            process.join(generator.uniform(0.1, 1.0) * run.seconds if killed < 3 else 300)
            process.kill()
            code = finish(process)
            if code == 0:
                break
            assert code == -9 and killed < 3, output.read_text()[-3000:]
            killed += 1
        assert_same(run.state, read_state(work_dir / LAST), f'run {number}, {killed} kills')
        kills.append(killed)
    return kills


@pytest.mark.slow
def test_kills_at_any_moment(whole, tmp_path):
    check_kills_at_any_moment(whole, tmp_path, 1, seed=0)


@pytest.mark.long
def test_many_kills_at_any_moment(whole, tmp_path):
    kills = check_kills_at_any_moment(whole, tmp_path, series(3, 20), seed=1)
    assert sum(kills) >= len(kills)


def check_two_at_once(whole, folder, count):
    run = whole(1)
    for number in range(count):
        work_dir, outputs = folder / f'run_{number}', [folder / f'output_{number}_{each}.txt' for each in 'ab']
        command = ('train', run.config, '--work-dir', work_dir, '--cfg-options')
        processes = [start(run_command, output, *command, f'experiment_name={output.stem}') for output in outputs]
        codes = [finish(process) for process in processes]
        assert sorted(codes) == [0, 1]
        # or, where it came only when the other had begun to save or was done, that there are checkpoints
        refusal = outputs[codes.index(1)].read_text()
        assert f'another training runs in {work_dir}' in refusal or f'{work_dir} holds ' in refusal
        assert 'Traceback' not in refusal
        assert_same(run.state, read_state(work_dir / LAST))
        assert len(list(work_dir.glob('*/*.log'))) == 1


@pytest.mark.slow
def test_two_trainings_at_once(whole, tmp_path):
    check_two_at_once(whole, tmp_path, 1)


@pytest.mark.long
def test_two_trainings_at_once_again_and_again(whole, tmp_path):
    check_two_at_once(whole, tmp_path, series(3, 15))


@pytest.mark.slow
def test_the_lock_goes_with_its_process(whole, tmp_path):
    run, work_dir, output = whole(1), tmp_path / 'run', tmp_path / 'output.txt'
    first = start(train, output, run.config, work_dir)
    while not list(work_dir.glob('*.pth')) and first.is_alive():
        time.sleep(0.01)
    first.kill()
    assert finish(first) in (-9, 0)
    command = ('train', run.config, '--work-dir', work_dir, '--resume', '--cfg-options', 'experiment_name=second')
    assert finish(start(run_command, output, *command)) == 0, output.read_text()[-3000:]
    assert_same(run.state, read_state(work_dir / LAST))
