"""tools/motion_proposals.py: from clips to detectors on re-ranked proposals, in a size that teaches nothing."""

import importlib.util

import cv2
import numpy as np
import pytest
from tiny_runs import ROOT

from mmwsl.apis import read_records
from mmwsl.datasets.readers import read_proposals

TINY = {'start': {'train_dataloader.dataset.num_scenes': 64},
        'motion': {'train_dataloader.dataset.clips.num_scenes': 12, 'train_cfg.max_epochs': 1,
                   'test_dataloader.dataset.dataset.num_scenes': 4, 'test_dataloader.dataset.max_proposals': 40},
        'detector': {'train_dataloader.dataset.dataset.num_scenes': 16, 'train_cfg.max_epochs': 1,
                     'test_dataloader.dataset.dataset.num_scenes': 16}}


@pytest.fixture
def tool(monkeypatch):
    spec = importlib.util.spec_from_file_location('motion_proposals', ROOT / 'tools' / 'motion_proposals.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    load = module.load_config

    def tiny(path, options=None):
        kind = {module.START: 'start', module.MOTION: 'motion'}.get(path, 'detector')
        return load(path, dict(options or {}, **TINY[kind]))
    monkeypatch.setattr(module, 'load_config', tiny)
    return module


@pytest.mark.long
def test_all_of_one_seed(tool, tmp_path, monkeypatch):
    words = ['motion_proposals.py', '--seeds', '0', '--work-dir', str(tmp_path / 'work'), '--out',
             str(tmp_path / 'records.jsonl'), '--start-epochs', '1', '--detectors', 'wsddn']
    monkeypatch.setattr('sys.argv', words)
    tool.main()
    records = read_records(tmp_path / 'records.jsonl')
    assert {record['seed'] for record in records} == {0} and {record['suite'] for record in records} == {tool.SUITE}
    values = {(record['method'], record['metric']): record['value'] for record in records}
    assert {('motion', 'box_iou'), ('motion', 'kept'), ('motion', 'base_recall10'), ('motion', 'reranked_recall100'),
            ('wsddn', 'corloc'), ('wsddn_motion', 'corloc')} <= set(values)
    assert 40 < values['motion', 'box_iou'] < 100 and 70 < values['motion', 'kept'] <= 100
    folder = tmp_path / 'work' / 'seed0'
    base, reranked = (read_proposals(folder / f'{name}.proposals') for name in ('windows', 'reranked'))
    assert base.ids == reranked.ids == [str(number) for number in range(16)]
    for name in base.ids:
        assert sorted(base.of(name)[0].tolist()) == sorted(reranked.of(name)[0].tolist())
    assert any(not np.array_equal(base.of(name)[0], reranked.of(name)[0]) for name in base.ids)

    monkeypatch.setattr(tool, 'train', None)  # what was trained is not trained again
    monkeypatch.setattr('sys.argv', [*words[:-2], '--picture', str(tmp_path / 'picture.png')])
    tool.main()
    assert cv2.imread(str(tmp_path / 'picture.png')).shape == (4 * 192, 4 * 192, 3)
