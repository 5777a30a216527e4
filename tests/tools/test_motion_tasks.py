"""tools/motion_tasks.py: every task in a size that teaches nothing; what is written are records."""

import importlib.util

import cv2
import numpy as np
import pytest
from tiny_runs import ROOT

from mmwsl.apis import read_records


@pytest.fixture
def tool(monkeypatch):
    spec = importlib.util.spec_from_file_location('motion_tasks', ROOT / 'tools' / 'motion_tasks.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    load = module.load_config

    def tiny(path, options=None):
        size = 'num_images' if path == module.CROSS_PIXEL else 'num_clips'
        small = {f'train_dataloader.dataset.clips.{size}': 40, 'train_cfg.max_epochs': 1}
        if path != module.CROSS_PIXEL:
            small['test_dataloader.dataset.clips.num_clips'] = 10
        return load(path, dict(options or {}, **small))
    monkeypatch.setattr(module, 'load_config', tiny)
    return module


@pytest.mark.long
def test_all_tasks_of_one_seed(tool, tmp_path, monkeypatch):
    words = ['motion_tasks.py', '--work-dir', str(tmp_path / 'work'), '--out', str(tmp_path / 'records.jsonl')]
    monkeypatch.setattr('sys.argv', words)
    tool.main()
    records = read_records(tmp_path / 'records.jsonl')
    values = {(record['method'], record['metric']): record['value'] for record in records}
    protocols = {record['protocol'] for record in records}
    assert {'clicks_figure', 'clicks_limb', 'propagation'} <= protocols
    assert {('consensus', 'iou'), ('raw_threshold', 'iou'), ('flow_prediction', 'cosine'), ('moving_foreground', 'iou'),
            ('flow_prediction_ambiguous', 'cosine'), ('static_saliency', 'iou'), ('cmp', 'end_point_error_0'),
            ('cmp', 'end_point_error_3'), ('cmp', 'iou_1'), ('random', 'iou_1'), ('cross_pixel', 'alignment')} <= set(values)
    assert values['consensus', 'iou'] > values['raw_threshold', 'iou'] > 0
    assert all(-1 <= values[method, 'cosine'] <= 1 for method in ('flow_prediction', 'flow_prediction_ambiguous'))
    monkeypatch.setattr(tool, 'train', None)  # what was trained is not trained again
    monkeypatch.setattr('sys.argv', [*words[:3], '--picture', str(tmp_path / 'picture.png')])
    tool.main()
    assert cv2.imread(str(tmp_path / 'picture.png')).shape[1] == 4 * 192


def test_real_data_must_be_named(tool, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['motion_tasks.py', '--tasks', 'flow'])
    with pytest.raises(SystemExit):
        tool.main()
    assert 'flow needs --data' in capsys.readouterr().err


def test_measures_by_hand(tool):
    one, other = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    one[:2], other[1:3] = True, True
    assert tool.iou(one, other) == pytest.approx(4 / 12)
    image = np.full((32, 32, 3), 90, np.uint8)
    image[10:20, 12:22] = (200, 40, 40)
    found = tool.static_saliency(image)
    assert found[10:20, 12:22].all() and found.sum() == 100
    flow = np.zeros((32, 32, 2), np.float32)
    flow[10:20, 12:22] = (3, 0)
    assert (tool.raw_threshold(flow) == found).all()
