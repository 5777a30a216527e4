"""A localiser from the command line: trained and scored by a suite, its maps drawn."""

import hashlib

import cv2
import numpy as np
import pytest

from mmwsl.apis import read_records
from mmwsl.cli import main
from mmwsl.visualization import overlay

SUITE = """
suite = 'tiny_localisation'
protocols = ['localization']
few = {{'train_dataloader.dataset.num_scenes': 256, 'test_dataloader.dataset.num_scenes': 40,
       'train_dataloader.batch_size': 32, 'train_cfg.max_epochs': 2, 'param_scheduler': []}}
config = 'mmwsl::weaksup/{folder}/{folder}_r18w16_1xb64-cos-4e_digitscenes.py'
runs = [dict(method='random', config=config, checkpoint='random', options=few),
        dict(method='{folder}', config=config, options=few),
        dict(method='pair', config=config, options=few, ensemble=['{folder}-seed0'] * 2)]
"""


@pytest.mark.slow
@pytest.mark.parametrize('folder', ['hide_and_seek', pytest.param('spg', marks=pytest.mark.long)])
def test_suite_and_picture(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    suite, out = tmp_path / 'suite.py', tmp_path / 'out'
    suite.write_text(SUITE.format(folder=folder))
    assert main(['suite', str(suite), '--out', str(out)]) == 0
    records = read_records(out / 'records.jsonl')
    figures = {(record['method'], record['metric']): record['value'] for record in records}
    assert {metric for _, metric in figures} == {
        'top1_cls', 'top5_cls', 'top1_loc', 'top5_loc', 'gt_known', 'max_box_acc', 'max_box_threshold',
        'max_box_acc_v2', 'pixel_ap', 'pointing'}
    assert {record['protocol'] for record in records} == {'localization'} and len(figures) == 30
    checkpoints = {record['method']: record['settings']['checkpoint'] for record in records}
    digest = hashlib.sha256((out / 'runs' / f'{folder}-seed0' / 'epoch_2.pth').read_bytes()).hexdigest()[:12]
    assert checkpoints == {'random': 'random', folder: dict(file='epoch_2.pth', sha256=digest),
                           'pair': [dict(file='epoch_2.pth', sha256=digest)] * 2}
    shown = capsys.readouterr().out
    assert f'random-seed0: localization/top1_cls {figures["random", "top1_cls"]:.2f}, ' in shown
    assert figures['random', 'max_box_acc'] >= figures['random', 'gt_known'] >= figures['random', 'top1_loc']
    for metric in ('top1_cls', 'gt_known', 'pixel_ap'):  # the mean of a network and itself
        assert figures['pair', metric] == pytest.approx(figures[folder, metric], abs=0.1), metric
    assert '| random |' in (out / 'table.md').read_text()
    assert not (tmp_path / 'work_dirs').exists()  # what is scored is logged beside what was trained
    capsys.readouterr()
    assert main(['suite', str(suite), '--out', str(out)]) == 0  # nothing is left to do
    assert capsys.readouterr().out.count('done') == 3 and len(read_records(out / 'records.jsonl')) == 30

    run = out / 'runs' / f'{folder}-seed0'
    config, checkpoint = next(run.glob('*.py')), run / 'epoch_2.pth'
    arguments = ['overlays', '--of', 'untrained', str(config), 'random', '--of', 'trained', str(config), str(checkpoint)]
    assert main([*arguments, '--out', str(tmp_path / 'pictures' / 'overlays.png'), '--count', '3']) == 0
    picture = cv2.imread(str(tmp_path / 'pictures' / 'overlays.png'))
    assert picture.shape == (640, 600, 3) and picture.std() > 20  # three rows, three columns
    gradients = [*arguments, '--count', '1', '--maps', 'grad_cam', '--layer', 'layer2']
    assert main([*gradients, '--out', str(tmp_path / 'gradients.png')]) == 0
    assert cv2.imread(str(tmp_path / 'gradients.png')).shape == (240, 600, 3)
    assert main([*arguments[:1], '--of', 'x', str(config), 'absent.pth', '--out', str(tmp_path / 'x.png')]) == 1
    assert 'absent.pth does not exist' in capsys.readouterr().err
    assert main(['suite', str(suite), '--out', str(tmp_path / 'new'), '--only', 'pair']) == 1
    assert f'pair-seed0 needs the run {folder}-seed0, which is not finished' in capsys.readouterr().err

    capsys.readouterr()
    assert main(['test', str(config), str(checkpoint), str(checkpoint)]) == 0
    assert f"localization/top1_cls: {figures['pair', 'top1_cls']:.2f}" in capsys.readouterr().out
    assert main(['test', str(config), str(checkpoint), 'absent.pth']) == 1
    assert 'checkpoint absent.pth does not exist' in capsys.readouterr().err


def test_overlay_by_hand():
    image = np.full((8, 10, 3), 100, dtype=np.uint8)
    values = np.zeros((8, 10))
    values[2:5, 3:7] = 1
    plain = overlay(image, enlarge=2)
    assert plain.shape == (16, 20, 3) and (plain == 100).all()
    mixed = overlay(image, values)
    assert mixed[3, 4].tolist() == [114, 50, 50] and mixed[0, 0].tolist() == [50, 50, 114]  # dark red, dark blue
    boxed = overlay(image, found=[(1, 1, 4, 4)], true=[(5, 2, 8, 6)])
    assert boxed[1, 2].tolist() == [255, 0, 0] and boxed[6, 6].tolist() == [0, 220, 0]
    with pytest.raises(ValueError, match='resize the map'):
        overlay(image, values[:4])
