"""The command line itself; what the commands do is tested beside what they call."""

import json
import os
import shlex
import subprocess
import sys

import pytest

import mmwsl
from mmwsl.cli import build_parser, main, program
from mmwsl.cli.arguments import read_options, read_pairs
from mmwsl.shipped import configs_root

COMMANDS = {name: module for modules in program.GROUPS.values() for name, module in modules.items()}
HEAVY = ['torch', 'mmengine', 'numpy', 'mmwsl.compat', 'mmwsl.registry', 'mmwsl.apis']
LOADED = f"""
import json, sys
from mmwsl.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
print(json.dumps([code, [name for name in {HEAVY} if name in sys.modules]]), file=sys.stderr)
"""
ROTATION = 'mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py'


def python(code, *arguments, **environment):
    kept = {key: value for key, value in os.environ.items() if key != 'GOMP_SPINCOUNT'}  # set here, by mmwsl.cli
    return subprocess.run([sys.executable, '-c', code, *arguments], capture_output=True, text=True, timeout=300,
                          env={**kept, **environment})


@pytest.mark.parametrize('arguments, output', [
    (['--help'], 'train and evaluate:\n  train '), (['train', '--help'], 'Train a model.'), (['--version'], mmwsl.__version__),
    (['prepare', 'voc_aug', '--help'], 'sbd'), (['list', '--help'], 'mmwsl list backbones'), (['list', 'configs', 'rotation_r18w16_1xb32'], ROTATION), (['configs', 'rotation_r18w16_1xb32'], f'{ROTATION}\n')])
def test_help_and_lists_load_nothing_heavy(arguments, output):
    done = python(LOADED, *arguments)
    assert output in done.stdout
    assert json.loads(done.stderr) == [0, []]


def test_the_short_spin_is_set_before_torch_is_imported():
    """OpenMP reads it once, while torch is imported; what the user has set stays."""
    code = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == 'torch':
            print('spin', os.environ.get('GOMP_SPINCOUNT'))
sys.meta_path.insert(0, Watch())
from mmwsl.cli import main
print('code', main(['train', 'absent.py']))
"""
    assert python(code).stdout.splitlines() == ['spin 2000', 'code 1']
    assert python(code, GOMP_SPINCOUNT='7').stdout.splitlines() == ['spin 7', 'code 1']


def test_the_overview_lists_every_command_under_a_heading(capsys):
    with pytest.raises(SystemExit):
        main(['--help'])
    blocks = [block.splitlines() for block in capsys.readouterr().out.split('\n\n')]
    listed = {lines[0]: [line.split()[0] for line in lines[1:]] for lines in blocks if lines[0].endswith(':')}
    assert listed == {
        'train and evaluate:': ['train', 'test', 'benchmark', 'suite', 'four-steps', 'hidden-robustness',
                                'label-cost', 'throughput'],
        'look:': ['explore', 'cluster', 'predict', 'report', 'overlays', 'animate', 'cut-out', 'mask-sheet',
                  'assignment-sheet', 'generate', 'restore'],
        'data:': ['check', 'prepare', 'proposals', 'extract', 'flow', 'motion', 'pseudo-boxes', 'maps', 'masks',
                  'weak-masks', 'caption-tags'],
        'scenes:': ['decompose', 'decompose-set', 'rearrange', 'occlusion'], 'hand on:': ['export', 'convert'],
        'names:': ['list', 'info', 'configs'],
        'options:': ['-h,', '--version']}
    modules = {path.stem for path in (configs_root().parent / 'mmwsl' / 'cli').glob('*.py')}
    assert modules - {'__init__', 'program', 'arguments', 'tables'} == {name.replace('-', '_') for name in COMMANDS}


@pytest.mark.parametrize('name', COMMANDS)
def test_the_example_of_a_command(name, capsys):
    with pytest.raises(SystemExit):
        main([name, '--help'])
    shown = capsys.readouterr().out
    example = shown.split('example:\n')[1].strip()
    words = shlex.split(example)
    assert shown.startswith(f'usage: mmwsl {name} ') and words[:2] == ['mmwsl', name]
    args = build_parser().parse_args(words[1:])
    assert args.run is COMMANDS[name].run
    for word in words:
        if word.startswith('mmwsl::'):
            assert (configs_root() / word.removeprefix('mmwsl::')).is_file()


def test_the_example_of_training_is_a_config_that_can_be_prepared(capsys):
    assert main([*shlex.split(COMMANDS['train'].EXAMPLE)[1:], '--dry-run']) == 0
    text = capsys.readouterr().out
    assert 'max_epochs=1' in text and "work_dir = 'work_dirs/rotation'" in text


def test_values_of_options():
    """As mmengine's own tools read them; a later one of a key wins, also of a second --cfg-options."""
    args = build_parser().parse_args(['test', 'a.py', 'random', '--cfg-options', 'a.b=1', 'c=x=y', 'd=[1,2.5,(a,None)]',
                                      '--cfg-options', 'e=1,true', 'a.b=2e-3', 'f='])
    assert args.cfg_options == ['a.b=1', 'c=x=y', 'd=[1,2.5,(a,None)]', 'e=1,true', 'a.b=2e-3', 'f=']
    assert read_options(args.cfg_options) == {'a.b': 0.002, 'c': 'x=y', 'd': [1, 2.5, ('a', None)], 'e': [1, True],
                                              'f': ''}
    assert read_options(build_parser().parse_args(['test', 'a.py', 'random']).cfg_options) == {}
    with pytest.raises(ValueError, match=r'--cfg-options a=\[1,\(2\]: its brackets do not match'):
        read_options(['b=1', 'a=[1,(2]'])
    assert read_pairs(['a=b=1', 'c='], '--features') == {'a': 'b=1', 'c': ''} and read_pairs(None, '--features') == {}
    with pytest.raises(ValueError, match='--features plain: give NAME=VALUE'):
        read_pairs(['a=1', 'plain'], '--features')


def test_an_option_without_a_value(capsys):
    with pytest.raises(SystemExit) as stop:
        main(['train', 'a.py', '--cfg-options', 'a=1', 'plain'])
    assert stop.value.code == 2
    assert "mmwsl train: error: argument --cfg-options: 'plain' has no \"=\": give KEY=VALUE" in capsys.readouterr().err


def test_options_of_train_win_over_those_of_the_config(capsys):
    assert main(['train', ROTATION, '--seed', '3', '--deterministic', '--pretrained', 'x.pth', '--resume', '--cfg-options',
                 'randomness.seed=5', 'model.head.in_channels=64', '--dry-run']) == 0
    text = capsys.readouterr().out
    assert 'deterministic=True' in text and 'seed=3' in text and 'seed=5' not in text and 'in_channels=64' in text
    assert "load_from = 'x.pth'" in text  # nothing to resume from: the weights it starts from


def test_an_error_names_the_command(capsys, monkeypatch):
    monkeypatch.delenv('MMWSL_TRACEBACK', raising=False)
    assert main(['train', 'a.py', '--gpus', '2']) == 1
    assert capsys.readouterr().err.startswith('mmwsl train: ValueError: --gpus 2: one process has one; start several by ')
    monkeypatch.setattr(COMMANDS['train'], 'run', lambda args: len(3))  # a mistake of ours is no message for the user
    with pytest.raises(TypeError, match='has no len'):
        main(['train', 'a.py'])


def test_python_m():
    done = subprocess.run([sys.executable, '-m', 'mmwsl', '--version'], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f'{mmwsl.__version__}\n')
