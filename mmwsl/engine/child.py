"""Child processes that end with this one: signals reach them, and none outlives a killed parent."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

SIGNALS = (signal.SIGTERM, signal.SIGINT)
SAME_SIGNAL = 0.5  # seconds within which signals are one
PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def drop_repeats():
    """Wait until signals that belong to the one just received have come; they are dropped.

    ``timeout`` sends to a process and to its group; a terminal to torchrun and its ranks, which get torchrun's too.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    time.sleep(SAME_SIGNAL)


class Children:
    """Context in which a SIGTERM or SIGINT ends the work: a child that runs is told to stop, and waited for.

    The first signal raises SystemExit with its exit code (143, 130), at once, or after the child that runs has ended; a
    second one ends this process and the child at once, unless it comes within :data:`SAME_SIGNAL` of the first.

    Args:
        notice: printed to stderr with the first signal's name before it: how to go on.
    """

    def __init__(self, notice):
        self._notice, self._received, self._running, self._child = notice, 0, False, None
        self._same = False  # what comes now belongs to the first signal

    def __enter__(self):
        self._before = {}
        if threading.current_thread() is threading.main_thread():  # Python lets no other thread handle signals
            self._before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, kind, error, traceback):
        for number, handler in self._before.items():
            signal.signal(number, handler)
        # also of what handles signals by itself meanwhile, such as a training in this process
        if kind is SystemExit and error.code in [128 + number for number in SIGNALS]:
            print(f'{signal.Signals(error.code - 128).name}: {self._notice}', file=sys.stderr, flush=True)

    def run(self, command):
        """Run ``command`` (list of words) to its end, without input; returns its exit code.

        It is told to stop by SIGTERM, whatever the signal was, and gets none from the terminal. On Linux it gets it
        also where this process is killed.
        """
        self._running = True  # from here on a signal waits for the child
        try:
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0,
                                           preexec_fn=_end_with_parent())
            if self._received:
                self._child.terminate()
            code = self._child.wait()
        finally:
            self._running, self._child = False, None
        if self._received:
            raise SystemExit(128 + self._received)
        return code

    def _receive(self, number, frame):
        if self._same:
            return
        if self._received:
            if self._child is not None:
                self._child.kill()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._received, self._same = number, True
        if self._child is not None:
            self._child.terminate()
        drop_repeats()
        for each in SIGNALS:
            signal.signal(each, self._receive)
        self._same = False
        if not self._running:
            raise SystemExit(128 + number)


def _end_with_parent():
    """What a new process calls so that it gets a SIGTERM when this one dies; None where the system cannot do that."""
    try:
        prctl = ctypes.CDLL(None).prctl  # looked up here: in the new process no lock may be waited for
    except (OSError, AttributeError, TypeError):
        return None
    parent = os.getpid()

    def call():
        prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM))
        if os.getppid() != parent:  # it died before
            os._exit(128 + signal.SIGTERM)

    return call
