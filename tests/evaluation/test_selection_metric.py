"""Picked labels against planted noise, and metrics of the training set in an evaluation."""

import pytest
import torch

from mmwsl.apis import build_dataset, evaluate, load_config, read_records
from mmwsl.evaluation.functional import selection_scores
from mmwsl.evaluation.metrics import SelectionMetric


def test_precision_and_recall_by_hand():
    # of three picked two are right, of four right ones two are picked
    assert selection_scores([1, 1, 1, 0, 0], [1, 1, 0, 1, 1]) == (pytest.approx(2 / 3), 0.5)
    assert selection_scores([1, 0], [1, 0]) == (1, 1)
    assert str(selection_scores([0, 0], [1, 0])) == '(nan, 0.0)'
    with pytest.raises(ValueError, match=r'needs two arrays \(N,\) with N >= 1'):
        selection_scores([1, 0], [1])


def test_the_metric_is_the_mean_of_the_networks():
    """Four images, the last labelled wrongly; one comes twice and counts once."""
    metric = SelectionMetric()
    for index, label, clean, selected in ((0, 1, 1, (1, 1)), (1, 0, 0, (1, 0)), (2, 2, 2, (0, 0)), (3, 0, 1, (1, 0)), (0, 1, 1, (1, 1))):
        metric.process(None, [dict(index=torch.tensor(index), gt_label=torch.tensor(label), gt_clean_label=torch.tensor(clean),
                                   pred_selected=torch.tensor(selected, dtype=torch.bool))])
    assert metric.evaluate(5) == {'selection/precision': pytest.approx(100 * (2 / 3 + 1) / 2, abs=1e-3),
                                  'selection/recall': pytest.approx(100 * (2 / 3 + 1 / 3) / 2, abs=1e-3), 'selection/clean': 75}
    with pytest.raises(ValueError, match='SelectionMetric needs pred_selected, gt_clean_label of each sample'):
        metric.process(None, [dict(index=torch.tensor(0), gt_label=torch.tensor(0))])


def test_an_evaluation_scores_the_selection_of_the_training_set(tmp_path):
    recipe = 'mmwsl::weaksup/noisy_labels/co_teaching/co_teaching_r18w16_1xb64-cos-16e_digitscenes.py'
    cfg = load_config(recipe, {
        'model.backbone.base_channels': 4, 'model.ramp': 0.0, 'train_dataloader.dataset.rate': 0.5, 'train_dataloader.dataset.dataset.num_scenes': 100,
        'train_dataloader.batch_size': 50, 'test_dataloader.dataset.num_scenes': 20, 'work_dir': str(tmp_path)})
    planted = build_dataset(cfg.train_dataloader.dataset)
    right = int((planted.labels == planted.clean_labels).sum())
    values = evaluate(cfg, 'random', tmp_path / 'records.jsonl')
    assert values['selection/clean'] == right and 20 < values['selection/precision'] < 80  # of 100; nothing is learnt yet
    assert values['selection/recall'] == pytest.approx(values['selection/precision'] * 80 / right, abs=1e-3)  # 80 are picked
    records = {(record['protocol'], record['metric']): record for record in read_records(tmp_path / 'records.jsonl')}
    assert records['accuracy', 'top1']['split'] == 'test' and records['selection', 'precision']['split'] == 'train'
    assert records['selection', 'precision']['value'] == pytest.approx(values['selection/precision'])
    assert cfg.train_evaluator.type == 'SelectionMetric' and cfg.train_dataloader.batch_size == 50  # the caller's stays
