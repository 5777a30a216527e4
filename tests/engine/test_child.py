"""Children of a process end with it, and signals reach them."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from mmwsl.engine import child
from mmwsl.engine.child import Children

# Says what it got in a file; with an exit code it ends then, half a second later.
CHILD = """
import signal, sys, time

def receive(number, frame):
    with open(sys.argv[1], 'a') as file:
        file.write(f'{signal.Signals(number).name} ')
    if len(sys.argv) > 2:
        time.sleep(0.5)
        with open(sys.argv[1], 'a') as file:
            file.write('ended')
        sys.exit(int(sys.argv[2]))

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, receive)
with open(sys.argv[1] + '.pid', 'w') as file:
    file.write(str(__import__('os').getpid()))
open(sys.argv[1], 'w').close()
while True:
    time.sleep(0.05)
"""
PARENT = """
import runpy, sys
Children = runpy.run_path(sys.argv[1])['Children']  # the file alone: the package imports torch
with Children('again') as children:
    children.run(sys.argv[2:])
"""


def command(file, *code):
    return [sys.executable, '-c', CHILD, str(file), *map(str, code)]


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, 'it did not come'
        time.sleep(0.02)


def is_gone(number):
    """Whether a process has ended; one whose parent has not asked for it yet counts."""
    try:
        with open(f'/proc/{number}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] in 'ZX'
    except FileNotFoundError:
        return True


def send_when(file, number):
    def send():
        wait_for(file.exists)
        os.kill(os.getpid(), number)
    threading.Thread(target=send, daemon=True).start()


@pytest.mark.parametrize('number, code', [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_the_child_which_is_waited_for(tmp_path, capsys, number, code):
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    file = tmp_path / 'got'
    with pytest.raises(SystemExit) as stop, Children('go on with: the same command') as children:
        send_when(file, number)
        children.run(command(file, 143))
    assert stop.value.code == code
    assert file.read_text() == 'SIGTERM ended'  # SIGTERM for either: it saves its state, and had time for that
    assert capsys.readouterr().err == f'{number.name}: go on with: the same command\n'
    assert {each: signal.getsignal(each) for each in before} == before


def test_a_signal_between_children_ends_at_once():
    with pytest.raises(SystemExit) as stop, Children('') as children:
        assert children.run([sys.executable, '-c', 'raise SystemExit(3)']) == 3
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        pytest.fail('it went on')
    assert stop.value.code == 143


def test_the_keyboard_reaches_this_process_alone(tmp_path):
    """A terminal sends to the whole group; the child would take the second signal as one to end at once."""
    with Children('') as children:
        code = children.run([sys.executable, '-c', 'import os; raise SystemExit(os.getpgrp() == os.getpid())'])
    assert code == 1


def test_what_ends_by_itself_says_how_to_go_on_too(capsys):
    with pytest.raises(SystemExit), Children('go on'):
        raise SystemExit(143)  # as a training in this process does
    assert capsys.readouterr().err == 'SIGTERM: go on\n'
    with pytest.raises(SystemExit), Children('go on'):
        raise SystemExit(1)
    assert capsys.readouterr().err == ''


def test_a_second_signal_ends_both_at_once(tmp_path):
    file = tmp_path / 'got'
    parent = subprocess.Popen([sys.executable, '-c', PARENT, child.__file__, *command(file)])
    wait_for(file.exists)
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):  # timeout sends it twice
        parent.send_signal(number)
        time.sleep(0.01)
    wait_for(lambda: file.read_text() == 'SIGTERM ')
    time.sleep(2 * child.SAME_SIGNAL)
    assert parent.poll() is None and file.read_text() == 'SIGTERM '
    wait_for(lambda: parent.send_signal(signal.SIGTERM) or parent.poll() is not None, 20)
    assert parent.returncode == -signal.SIGTERM
    wait_for(lambda: is_gone((tmp_path / 'got.pid').read_text()))


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux tells a process that its parent has died')
def test_a_killed_parent_takes_its_child_along(tmp_path):
    file = tmp_path / 'got'
    parent = subprocess.Popen([sys.executable, '-c', PARENT, child.__file__, *command(file, 143)])
    wait_for(file.exists)
    parent.kill()
    assert parent.wait(timeout=20) == -signal.SIGKILL
    wait_for(lambda: file.read_text() == 'SIGTERM ended')
    wait_for(lambda: is_gone((tmp_path / 'got.pid').read_text()))
