import os

import pytest

import mmwsl
from mmwsl.apis import load_config, prepare_training
from mmwsl.apis.config import configs_root, resolve
from mmwsl.cli import main

NAME = 'simclr_r18w16_1xb256-cos-10e_cifar10'


@pytest.mark.parametrize('path', [f'mmwsl::selfsup/simclr/{NAME}.py', f'mmwsl::selfsup/simclr/{NAME}', f'mmwsl::{NAME}.py',
                                  f'mmwsl::{NAME}', f'configs/selfsup/simclr/{NAME}.py'])
def test_names_of_shipped_configs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # from anywhere
    assert resolve(path) == configs_root() / f'selfsup/simclr/{NAME}.py'
    cfg = load_config(path)
    assert cfg.model.type == 'SimCLR' and cfg.model.backbone.base_channels == 16
    assert cfg.train_dataloader.batch_size == 256 and cfg.default_scope == 'mmwsl'


def test_the_old_name_of_a_config_that_moved():
    """For one release, with a warning that says the new one."""
    name = 'cam_r18w16_1xb64-cos-4e_digitscenes.py'
    for old in (f'mmwsl::weaksup/cam/{name}', f'configs/weaksup/cam/{name}'):
        with pytest.warns(DeprecationWarning, match=f'is now mmwsl::weaksup/localization/cam/{name}'):
            assert resolve(old) == configs_root() / 'weaksup' / 'localization' / 'cam' / name


def test_own_config_on_a_shipped_one(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = ['mmwsl::selfsup/simclr/{NAME}.py']\nmodel = dict(temperature=0.3)\n")
    child = tmp_path / 'child.py'
    child.write_text("_base_ = './mine.py'\ntrain_cfg = dict(max_epochs=3)\n")
    cfg = load_config(child)
    assert (cfg.model.temperature, cfg.train_cfg.max_epochs, cfg.model.backbone.depth) == (0.3, 3, 18)
    assert cfg.train_cfg.type == 'ResumableEpochLoop'


def test_options(tmp_path):
    cfg = load_config(f'mmwsl::{NAME}', {'model.temperature': 0.1, 'train_dataloader.dataset.max_images': 5,
                                         'param_scheduler.1.T_max': 3})
    assert cfg.model.temperature == 0.1 and cfg.train_dataloader.dataset.max_images == 5
    assert cfg.param_scheduler[1].T_max == 3 and cfg.param_scheduler[0].type == 'LinearLR'
    assert load_config(f'mmwsl::{NAME}').model.temperature == 0.5  # nothing is kept from call to call


@pytest.mark.parametrize('path', ['mmwsl::simclr_r18w16_1xb256-cos-10e_cifar', f'mmwsl::selfsup/simclr/{NAME}0',
                                  'configs/selfsup/simclr/simclr_r18w16_1xb256-cos-10e.py', f'selfsup/simclr/{NAME}.py'])
def test_unknown_config(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=f'config {path} does not exist; is it one of: .*{NAME}.py'):
        load_config(path)


def test_unknown_base(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("_base_ = 'mmwsl::selfsup/simclr/simclr_r19.py'\n")
    with pytest.raises(FileNotFoundError, match='config mmwsl::selfsup/simclr/simclr_r19.py does not exist; is it one of'):
        load_config(path)
    path.write_text("_base_ = './absent.py'\n")
    with pytest.raises(FileNotFoundError, match='absent.py'):
        load_config(path)


def test_installed_package_finds_its_own_configs(tmp_path, monkeypatch):
    package = tmp_path / 'site' / 'mmwsl'
    (package / 'configs' / 'x').mkdir(parents=True)
    (package / 'configs' / 'x' / 'a_b.py').write_text('model = dict(type="A")\n')
    monkeypatch.setattr(mmwsl, '__file__', str(package / '__init__.py'))
    assert load_config('mmwsl::a_b').model.type == 'A'
    assert load_config('configs/x/a_b.py').model.type == 'A'
    (package / 'configs').rename(tmp_path / 'gone')
    with pytest.raises(FileNotFoundError, match='no configs folder in .*reinstall mmwsl'):
        load_config('mmwsl::a_b')


def test_list_of_configs(capsys):
    assert main(['configs', 'simclr_r18w16_1xb256-cos-10e']) == 0
    assert capsys.readouterr().out == f'mmwsl::selfsup/simclr/{NAME}.py\n'
    assert main(['configs']) == 0
    listed = capsys.readouterr().out.split()
    assert len(listed) == len(set(listed)) > 10 and not any('_base_' in name for name in listed)
    for name in listed:
        assert resolve(name).is_file()


def test_missing_config_on_the_command_line(capsys):
    assert main(['train', 'absent.py']) == 1
    assert 'mmwsl train: FileNotFoundError: config absent.py does not exist' in capsys.readouterr().err


def test_traceback_on_demand(monkeypatch):
    monkeypatch.setenv('MMWSL_TRACEBACK', '1')
    with pytest.raises(FileNotFoundError):
        main(['train', 'absent.py'])


def test_prepare_training(tmp_path):
    cfg = prepare_training(f'mmwsl::{NAME}')
    assert cfg.work_dir == os.path.join('work_dirs', NAME)
    assert (cfg.launcher, cfg.resume, cfg.load_from) == ('none', False, None)
    (tmp_path / 'a.pth').touch()
    cfg = prepare_training(f'mmwsl::{NAME}', work_dir=tmp_path, resume=str(tmp_path / 'a.pth'), launcher='pytorch')
    assert (cfg.work_dir, cfg.resume, cfg.load_from) == (str(tmp_path), True, str(tmp_path / 'a.pth'))
    assert cfg.launcher == 'pytorch'
    options = {'load_from': 'x.pth', 'work_dir': str(tmp_path)}
    cfg = prepare_training(f'mmwsl::{NAME}', resume=True, options=options)
    assert (cfg.work_dir, cfg.resume, cfg.load_from) == (str(tmp_path), True, None)  # the newest of the work dir
    (tmp_path / 'a.pth').unlink()
    cfg = prepare_training(f'mmwsl::{NAME}', resume=True, options=options)
    assert (cfg.resume, cfg.load_from) == (False, 'x.pth')  # nothing to resume from: the weights it starts from


def test_prepare_training_takes_a_loaded_config():
    cfg = prepare_training(load_config(f'mmwsl::{NAME}'), options={'model.temperature': 0.2})
    assert cfg.model.temperature == 0.2 and cfg.work_dir.endswith(NAME)


def test_preparing_twice_changes_nothing(tmp_path):
    """As the command line does: what it has prepared goes through train(), which prepares it again."""
    (tmp_path / 'a.pth').touch()
    cfg = prepare_training(f'mmwsl::{NAME}', work_dir=tmp_path, resume=str(tmp_path / 'a.pth'), launcher='slurm', amp=True,
                           auto_scale_lr=True, options={'model.temperature': 0.2})
    before = cfg.to_dict()
    assert prepare_training(cfg).to_dict() == before
    assert (before['launcher'], before['resume'], before['auto_scale_lr']['enable']) == ('slurm', True, True)
