"""SIGTERM and SIGINT: the running step ends, its state is saved, and a line says how to go on."""

import os
import signal
import threading
from pathlib import Path

import torch
import torch.distributed as dist

from mmwsl.engine.child import SIGNALS

# Where a run is between two steps, by the names of hooks; a signal in a pass that begins with one of PASSES
# leaves it.
PLACES = ('before_train_iter', 'before_train_epoch', 'before_val', 'after_val_epoch')
PASSES = ('before_train_epoch', 'before_val')  # clustering, validation
AGREE_EVERY = 20  # steps after which ranks ask each other


class Stopped(BaseException):
    """A signal asks the training to end; ``number`` is the signal's."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


class StopSignals:
    """Context in which the first SIGTERM or SIGINT is noted, and a second ends the process at once.

    Args:
        ranks: number of them; several agree on the step over a group of CPU processes.
    """

    def __init__(self, ranks=1):
        self._group = dist.new_group(backend='gloo') if ranks > 1 else None
        self._received, self._in_pass, self._steps, self._process = 0, False, 0, os.getpid()

    def __enter__(self):
        self._before = {}
        if threading.current_thread() is threading.main_thread():  # Python lets no other thread handle signals
            self._before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, *error):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame):
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        self._received = number
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
        self._in_pass = False
        if place == 'after_val_epoch':  # a best checkpoint may be written: not a place to leave
            return
        number = self._received
        if self._group is not None:
            self._steps += place == 'before_train_iter'
            if place == 'before_train_iter' and self._steps % AGREE_EVERY:
                return
            agreed = torch.tensor([number])
            dist.all_reduce(agreed, dist.ReduceOp.MAX, group=self._group)
            number = int(agreed)
        if number:
            raise Stopped(number)
        self._in_pass = place in PASSES

    def save_and_exit(self, runner, number):
        """Write ``iter_N.pth`` unless the last checkpoint is that, and end with the exit code of the signal.

        Raises:
            SystemExit: always.
        """
        path = Path(runner.work_dir) / f'iter_{runner.iter}.pth'
        if runner.iter and runner.message_hub.runtime_info.get('last_ckpt') != str(path):
            runner.message_hub.update_info('stopped_at', runner.iter)
            runner.save_checkpoint(runner.work_dir, path.name, meta=dict(epoch=runner.epoch, iter=runner.iter))
        runner.logger.warning(
            f'{signal.Signals(number).name}: stopped after iteration {runner.iter}' + (
                f', which is saved in {path}. Go on with: the same command and --resume' if runner.iter else ''))
        if self._group is not None:
            dist.barrier(group=self._group)  # whoever started the ranks ends all when the first ends
        raise SystemExit(128 + number)
