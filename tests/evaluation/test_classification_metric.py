import pytest
import torch

from mmwsl.evaluation.metrics import AccuracyMetric


def score(batches, **settings):
    metric = AccuracyMetric(**settings)
    for index, label, scores in batches:
        samples = [dict(index=torch.tensor(number), gt_label=torch.tensor(true))
                   for number, true in zip(index, label, strict=True)]
        for row, sample in enumerate(samples):
            each = {name: torch.tensor(values[row]) for name, values in scores.items()}
            sample |= dict(pred_scores=each['']) if '' in each else dict(pred_layer_scores=each)
        metric.process(None, samples)
    return metric.evaluate(10)


def test_by_hand():
    """Four images of three classes; one comes twice, as from ranks that rounded up, and counts once."""
    figures = score([
        ([0, 1], [0, 0], {'': [[3.0, 1, 0], [0.0, 1, 2]]}),  # right; third
        ([2, 3], [1, 2], {'': [[0.0, 2, 1], [1.0, 1, 1]]}),  # right; equal scores name class 0 first: third
        ([2], [1], {'': [[0.0, 2, 1]]})], topk=(1, 2, 5))
    assert figures == {'accuracy/top1': 50.0, 'accuracy/top2': 50.0,
                       'accuracy/mean_class': pytest.approx(100 * (0.5 + 1 + 0) / 3, abs=1e-4)}


def test_several_heads():
    figures = score([([0, 1], [0, 1], {'layer1': [[1.0, 0], [1.0, 0]], 'layer2': [[1.0, 0], [0.0, 1]]})])
    assert figures['accuracy/layer1_top1'] == 50.0 and figures['accuracy/layer2_top1'] == 100.0
    assert 'accuracy/layer1_top5' not in figures  # there are two classes


def test_not_a_number():
    with pytest.raises(ValueError, match='hold NaN'):
        score([([0], [0], {'': [[float('nan'), 0]]})])
