"""A third party's package, installed with pip beside a pip-installed mmwsl, in an environment of its own."""

import json
import shutil
import sys
import zipfile

import pytest
from wheel_environment import ROOT, make_environment, run

CONFIG = 'upside_down_three_1xb128-cos-3e_digits.py'


@pytest.fixture(scope='module')
def environment(tmp_path_factory):
    """A fresh virtual environment with the wheels of mmwsl and of the plugin."""
    folder = tmp_path_factory.mktemp('plugin')
    return folder, make_environment(folder, 'example_plugin')


def test_wheel_ships_configs_and_permutations(environment):
    folder, _ = environment
    names = zipfile.ZipFile(next((folder / 'wheels').glob('mmwsl-*.whl'))).namelist()
    assert 'mmwsl/configs/selfsup/simclr/simclr_r50_8xb32-cos-200e_imagenet.py' in names
    assert 'mmwsl/configs/_base_/default_runtime.py' in names
    assert 'mmwsl/augment/data/permutations_2000.npy' in names
    assert 'mmwsl/py.typed' in names  # type checkers of those who use it read its hints
    assert [name for name in names if 'results/' in name] == ['mmwsl/results/quickstart/records.jsonl']
    assert not [name for name in names if name.startswith(('tests/', 'tools/', 'projects/'))]


def test_mmwsl_comes_from_the_wheel(environment):
    folder, python = environment
    assert str(folder / 'venv') in run(python, '-c', 'import mmwsl; print(mmwsl.__file__)', cwd=folder)
    assert 'mmwsl::selfsup/simclr/simclr_r50_8xb32-cos-200e_imagenet.py' in run(
        folder / 'venv' / 'bin' / 'mmwsl', 'configs', 'simclr', cwd=folder)


@pytest.mark.slow
def test_plugin_trains_and_is_judged_by_its_own_protocol(environment):
    folder, python = environment
    shutil.copy(ROOT / 'projects' / 'example_plugin' / 'configs' / CONFIG, folder)
    mmwsl = folder / 'venv' / 'bin' / 'mmwsl'
    log = run(mmwsl, 'train', CONFIG, '--work-dir', 'run', cwd=folder)
    assert 'Epoch(train) [3]' in log or (folder / 'run' / 'epoch_3.pth').is_file()
    run(mmwsl, 'benchmark', CONFIG, folder / 'run' / 'epoch_3.pth', '--out', 'records.jsonl', cwd=folder)
    records = [json.loads(line) for line in (folder / 'records.jsonl').read_text().splitlines()]
    values = {(record['protocol'], record['metric']): record['value'] for record in records}
    assert values['nearest_centroid', 'top1'] > 50  # ten classes
    assert {record['method'] for record in records} == {'upsidedown'}


def test_plugin_parts_build_by_name(environment):
    folder, python = environment
    run(python, '-c', 'import torch\n'
        'from mmwsl.registry import WEAK_HEADS, MODELS, PROTOCOLS\n'
        'head = WEAK_HEADS.build(dict(type="LogSumExpHead", in_channels=8, num_classes=3))\n'
        'maps = (torch.randn(2, 8, 4, 4),)\n'
        'm = head.maps(maps).flatten(2)\n'
        'assert (head(maps) <= m.max(2).values + 1e-5).all() and (head(maps) >= m.mean(2) - 1e-5).all()\n'
        'assert "ThreeConvolutions" in MODELS and "nearest_centroid" in PROTOCOLS\n', cwd=folder)


def test_a_module_of_the_working_directory(environment, tmp_path):
    """The folder of a script is on Python's path, not the one it is called from; a module there hides none of ours."""
    folder, _ = environment
    (tmp_path / 'mine.py').write_text("_base_ = 'mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py'\n"
                                      "custom_imports = dict(imports=['my_module'])\n")
    (tmp_path / 'my_module.py').write_text("print('imported')\n")
    (tmp_path / 'mmengine.py').write_text("raise SystemExit('hidden')\n")
    log = run(folder / 'venv' / 'bin' / 'mmwsl', 'train', 'mine.py', '--dry-run', cwd=tmp_path)
    assert log.startswith('imported\n') and "type='Rotation'" in log


def test_figures_of_the_wheel(environment):
    folder, _ = environment
    shown = run(folder / 'venv' / 'bin' / 'mmwsl', 'info', 'rotation', cwd=folder)
    assert 'DigitScenes, suite quickstart, rotation: knn20 top1 65.20' in shown


def test_without_the_plugin_its_names_are_unknown(environment):
    folder, _ = environment
    shutil.copy(ROOT / 'projects' / 'example_plugin' / 'configs' / CONFIG, folder)
    message = run(sys.executable, '-m', 'mmwsl', 'train', CONFIG, '--work-dir', 'other', cwd=folder, fails=True)
    assert "'UpsideDown' is not in the mmwsl::model registry" in message
