"""Finding one's way: what the command line answers to what it does not know."""

import subprocess
import sys

import pytest
from tiny_runs import ROOT

from mmwsl.cli import main
from mmwsl.shipped import configs_of


@pytest.mark.parametrize('arguments, hint', [
    (['train', 'a.py', '--eopchs', '3'], 'mmwsl: error: unrecognized arguments: --eopchs 3; did you mean --epochs?'),
    (['train', 'a.py', '--work-dri=x'], 'unrecognized arguments: --work-dri=x; did you mean --work-dir?'),
    (['train', 'a.py', '--workdir', 'x'], 'did you mean --work-dir?'),
    (['benchmark', 'a.py', 'random', '--protocol-s', 'knn'], 'did you mean --protocols?'),
    (['trian', 'a.py'], "'configs'); did you mean train?"), (['train', 'a.py', '--launcher', 'pytroch'], 'did you mean pytorch?')])
def test_unknown_options_and_commands(arguments, hint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith(hint + '\n')


def test_data_given_twice(capsys):
    with pytest.raises(SystemExit) as stop:
        main(['check', 'a.py', '--data', 'mine', '--data=yours'])
    assert stop.value.code == 2 and 'argument --data: mine and yours: give one PATH' in capsys.readouterr().err


@pytest.mark.parametrize('arguments', [['train', 'a.py', '--xyzzyqqq'], ['xyzzyqqq'], ['train', 'a.py', 'b.py']])
def test_no_hint_where_nothing_is_near(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert 'did you mean' not in capsys.readouterr().err


@pytest.mark.parametrize('command', [['train', 'simclr'], ['test', 'mmwsl::simclr', 'random'], ['benchmark', 'configs/selfsup/simclr', 'random'],
                                     ['benchmark', 'mmwsl::cifar10_quick.py', 'random', '--on', 'SimCLR']])
def test_the_name_of_a_method_in_place_of_a_config(command, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(command) == 1
    lines = capsys.readouterr().err.splitlines()
    shown = [line.strip() for line in lines if line.startswith('  mmwsl::')]
    assert shown[0] == 'mmwsl::selfsup/simclr/simclr_r18w4_1xb64-cos-10e_shapes.py (a CPU is enough, no data needed)'
    assert [line.split()[0] for line in shown] == [f'mmwsl::{name}' for name in configs_of('simclr')]


def test_lists_and_descriptions(capsys):
    assert main(['list']) == 0
    assert capsys.readouterr().out.splitlines()[0].split()[0] == 'methods'
    assert main(['list', 'protocols', 'svm']) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {'low_shot', 'svm'}
    assert main(['info', 'ADL']) == 0
    assert capsys.readouterr().out.startswith('ADL, of the parts: mmwsl.models.weak.localization.adl.ADL\n')
    assert main(['list', 'bakbones']) == 1 and main(['info', 'SimCRL']) == 1
    error = capsys.readouterr().err
    assert "there is no kind 'bakbones'; did you mean backbones?" in error and 'did you mean SimCLR' in error


def test_the_working_directory_is_searched_last(tmp_path):
    """As from an installed script, whose own folder is on the path, and not the one it is called from (-P)."""
    (tmp_path / 'my_module.py').write_text("print('imported')\n")
    (tmp_path / 'argparse.py').write_text("raise SystemExit('hides the real one')\n")
    (tmp_path / 'mine.py').write_text("custom_imports = dict(imports=['my_module'])\nvalue = 3\n")
    code = (f'import sys; sys.path.insert(0, {str(ROOT)!r}); from mmwsl.cli import main; code = main(["check", "mine.py"]); '
            'import os; print(code, sys.path.count(os.getcwd()), sys.path[-1] == os.getcwd())')
    done = subprocess.run([sys.executable, '-P', '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines() == ['imported', '1 1 True'], done.stderr
    assert 'mine.py has no data set' in done.stderr
