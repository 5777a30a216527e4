"""SIGTERM and SIGINT: the running step ends, its state is saved, and a line says how to go on."""

import os
import signal
import threading
import time
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.hooks import EMAHook

from mmwsl.engine.child import SIGNALS, drop_repeats

# Where a run is between two steps, by the names of hooks; a signal in a pass that begins with one of PASSES
# leaves it. Hooks before and after a validation are not left: they may swap weights, or write the best.
PLACES = ('before_train_iter', 'before_train_epoch', 'before_val', 'before_val_iter', 'after_val_epoch')
PASSES = ('before_train_epoch', 'before_val_iter')  # clustering, validation
AGREE_SECONDS = 2  # after which ranks ask each other, or after every step: torchrun kills them 30 s after a signal
AGREE_STEPS = 10  # at most between two times


def init_worker(number, then=None):
    """In a data worker: leave signals to the training itself, which still needs the worker when all processes get one.

    Args:
        number: of the worker.
        then: another function to call with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, 'sigwaitinfo'):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    if then is not None:
        then(number)


def _end_with_parent(parent):
    """Obey the SIGTERM of the training alone, which ends its workers so."""
    while signal.sigwaitinfo([signal.SIGTERM]).si_pid != parent:
        pass
    os._exit(0)


class Stopped(BaseException):
    """A signal asks the training to end; ``number`` is the signal's."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


class StopSignals:
    """Context in which the first SIGTERM or SIGINT is noted, and a second ends the process at once.

    One that comes within :data:`mmwsl.engine.child.SAME_SIGNAL` of the first is the same.

    Args:
        ranks: number of them; several agree on the step over a group of CPU processes.
    """

    def __init__(self, ranks=1):
        self._group = dist.new_group(backend='gloo') if ranks > 1 else None
        self._received, self._process = 0, os.getpid()
        # steps until ranks ask each other, seconds of the slowest since they did, when the running one began
        self._steps_left, self._slowest, self._began = 0, 0., None
        self._in_pass = self._in_validation = False

    def __enter__(self):
        self._before = {}
        if threading.current_thread() is threading.main_thread():  # Python lets no other thread handle signals
            self._before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, *error):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame):
        if self._received:  # it came twice before it could be dropped
            return
        self._received = number
        drop_repeats()
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        # workers are copies of this process, and go when it does
        if self._in_pass and self._group is None and os.getpid() == self._process:
            raise Stopped(number)

    def check(self, place):
        """Called with the name of every hook that is about to run.

        Raises:
            Stopped: a signal came, to this rank or another, and no step is running.
        """
        if place not in PLACES:
            return
        self._in_pass, self._in_validation = False, place == 'before_val_iter'
        due = self._time_step(place)
        if place == 'after_val_epoch':
            return
        if place == 'before_val_iter' and self._group is not None:  # ranks may have different numbers of batches
            return
        number = self._received
        if self._group is not None:
            if not due:
                return
            agreed = torch.tensor([number, self._slowest], dtype=torch.float64)
            dist.all_reduce(agreed, dist.ReduceOp.MAX, group=self._group)
            number, slowest = int(agreed[0]), float(agreed[1])
            self._steps_left = max(1, int(min(AGREE_STEPS, AGREE_SECONDS / slowest))) if slowest else 1
            self._slowest = 0.
        if number:
            raise Stopped(number)
        self._in_pass = place in PASSES

    def _time_step(self, place):
        """Count and time a step that begins; whether ranks ask each other now, which all do at the same place."""
        began, self._began = self._began, time.monotonic() if place == 'before_train_iter' else None
        if self._began is None:  # clustering or validation comes
            return True
        if began is not None:
            self._slowest = max(self._slowest, self._began - began)
        self._steps_left -= 1
        return self._steps_left <= 0

    def save_and_exit(self, runner, number):
        """Write ``iter_N.pth`` unless the last checkpoint is that, and end with the exit code of the signal.

        Raises:
            SystemExit: always.
        """
        for hook in runner.hooks:
            if self._in_validation and isinstance(hook, EMAHook):
                hook.after_val_epoch(runner)  # it had put its averages in place of the weights
        path = Path(runner.work_dir) / f'iter_{runner.iter}.pth'
        if runner.iter and runner.message_hub.runtime_info.get('last_ckpt') != str(path):
            runner.message_hub.update_info('stopped_at', runner.iter)
            runner.save_checkpoint(runner.work_dir, path.name, meta=dict(epoch=runner.epoch, iter=runner.iter))
            for hook in runner.hooks:
                if hasattr(hook, 'remove_stopped'):
                    hook.remove_stopped(runner, path.name)
        runner.logger.warning(
            f'{signal.Signals(number).name}: stopped after iteration {runner.iter}' + (
                f', which is saved in {path}. Go on with: the same command and --resume' if runner.iter else ''))
        if self._group is not None:
            dist.barrier(group=self._group)  # whoever started the ranks ends all when the first ends
        raise SystemExit(128 + number)
