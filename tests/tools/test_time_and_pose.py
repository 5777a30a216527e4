"""tools/time_and_pose.py: every task in a size that teaches nothing; what is written are records."""

import importlib.util

import cv2
import numpy as np
import pytest
import torch
from tiny_runs import ROOT

from mmwsl.apis import read_records


@pytest.fixture
def tool(monkeypatch):
    spec = importlib.util.spec_from_file_location('time_and_pose', ROOT / 'tools' / 'time_and_pose.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    load = module.load_config

    def tiny(path, options=None, **more):
        small = {module.TRIPLETS: {'train_dataloader.dataset.clips.num_clips': 120},
                 module.GEOMETRY: {'train_dataloader.dataset.num_moments': 12, 'train_dataloader.dataset.people': 3}}.get(
                     path, {'train_dataloader.dataset.num_clips': 64})
        return load(path, {**(options or {}), **small, 'train_cfg.max_epochs': 1}, **more)
    monkeypatch.setattr(module, 'load_config', tiny)
    return module


@pytest.mark.long
def test_all_tasks_of_one_seed(tool, tmp_path, monkeypatch):
    words = ['time_and_pose.py', '--work-dir', str(tmp_path / 'work'), '--out', str(tmp_path / 'records.jsonl')]
    monkeypatch.setattr('sys.argv', words)
    tool.main()
    records = read_records(tmp_path / 'records.jsonl')
    values = {(record['method'], record['dataset'], record['metric']): record['value'] for record in records}
    clips = 'MotionClips'
    assert {('pixels', clips, 'retrieval_at_1'), ('siamese_triplets', clips, 'retrieval_at_1'),
            ('random_negatives', clips, 'retrieval_at_1'), ('shuffle_and_learn', f'{clips} static', 'accuracy'),
            ('odd_one_out', f'{clips} accelerating', 'accuracy_worst_place'), ('random', clips, 'part_error'),
            ('landmark_generation', clips, 'shift_error'), ('no_bottleneck', clips, 'reconstruction_error'),
            ('shuffle_and_learn', 'ActionFigures', 'action_clip_top1'), ('random', 'ActionFigures', 'action_frame_top1'),
            ('background', 'MultiViewFigures', 'figure_psnr'), ('geometry_aware', 'MultiViewFigures', 'psnr_true_rotation'),
            ('geometry_aware', 'MultiViewFigures', 'figure_psnr_identity_rotation'),
            ('auto_encoder', 'MultiViewFigures', 'n_mpjpe_few')} <= set(values)
    assert all(0 <= value <= 100 for (_, _, metric), value in values.items() if 'accuracy' in metric)
    monkeypatch.setattr(tool, 'train', None)  # what was trained is not trained again
    monkeypatch.setattr('sys.argv', [*words[:3], '--pictures', str(tmp_path / 'pictures')])
    tool.main()
    for name in ('tracks', 'order', 'landmarks', 'views'):
        assert cv2.imread(str(tmp_path / 'pictures' / f'{name}.png')).shape[2] == 3


def test_real_clips_must_be_named(tool, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['time_and_pose.py', '--tasks', 'real'])
    with pytest.raises(SystemExit):
        tool.main()
    assert 'real needs --data' in capsys.readouterr().err


def test_measures_by_hand(tool):
    rows = torch.eye(4)
    assert tool.retrieval_at_1(rows, 3 * rows) == 100 and tool.retrieval_at_1(rows, rows.roll(1, 0)) == 0
    assert tool.tile([[np.zeros((3, 4, 5))] * 2] * 3, enlarge=2).shape == (3 * 10, 2 * 12, 3)
    assert tool.dotted(np.zeros((3, 8, 8), np.uint8), np.array([[0.0, 0.0]]))[:, 16, 16].tolist() == [255, 0, 0]
