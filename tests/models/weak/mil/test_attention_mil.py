"""Bags: pooling by hand, padding that changes nothing, and attention that finds the digit."""

import pytest
import torch

from mmwsl.apis import evaluate, load_config, train
from mmwsl.datasets import DigitBags, collate_bags
from mmwsl.evaluation.metrics import BagMetric
from mmwsl.models.weak import AttentionPooling, BagClassifier, BagEncoder, BagPooling
from mmwsl.structures import DataSample, split_samples

POOLINGS = dict(attention=dict(type='AttentionPooling'), gated=dict(type='AttentionPooling', gated=True),
                mean=dict(type='BagPooling'), max=dict(type='BagPooling', kind='max'))


def classifier(name, **settings):
    torch.manual_seed(0)
    return BagClassifier(dict(type='BagEncoder'), POOLINGS[name], **settings)


def test_the_published_numbers_of_parameters():
    """As the authors' code has them, but that a bag's score there has its own bias too: the same layers."""
    for name, count in (('attention', 490828), ('gated', 554956)):
        assert sum(parameter.numel() for parameter in classifier(name).parameters()) == count


def test_attention_by_hand():
    pooling = AttentionPooling(2, channels=3)
    h = torch.tensor([[[1.0, 2.0], [0.5, -1.0], [9.0, 9.0]]])
    present = torch.tensor([[True, True, False]])
    bag, attention = pooling(h, present)
    logits = [(pooling.weight.weight[0] * torch.tanh(pooling.value.weight @ each + pooling.value.bias)).sum()
              for each in h[0, :2]]
    expected = torch.stack(logits).softmax(0)
    assert torch.allclose(attention[0, :2], expected, atol=1e-6) and attention[0, 2] == 0
    assert torch.allclose(bag[0], expected[0] * h[0, 0] + expected[1] * h[0, 1], atol=1e-6)
    gated = AttentionPooling(2, channels=3, gated=True)
    logits = [(gated.weight.weight[0] * torch.tanh(gated.value.weight @ each + gated.value.bias)
               * torch.sigmoid(gated.gate.weight @ each + gated.gate.bias)).sum() for each in h[0, :2]]
    assert torch.allclose(gated(h, present)[1][0, :2], torch.stack(logits).softmax(0), atol=1e-6)


def test_mean_and_maximum_by_hand():
    h, present = torch.tensor([[[1.0, 2.0], [3.0, -1.0], [9.0, 9.0]]]), torch.tensor([[True, True, False]])
    assert BagPooling()(h, present)[0].tolist() == [[2.0, 0.5]]
    assert BagPooling(kind='max')(h, present)[0].tolist() == [[3.0, 2.0]]
    with pytest.raises(ValueError, match="kind='sum' is unknown"):
        BagPooling(kind='sum')


@pytest.mark.parametrize('name', POOLINGS)
def test_an_empty_bag_is_refused(name):
    """It would have NaN for a score, or -inf."""
    sample = DataSample(gt_label=torch.tensor([1, 0]), bag_mask=torch.tensor([[True, True], [False, False]]))
    for mode in ('tensor', 'loss', 'predict'):
        with pytest.raises(ValueError, match=r'bags \[1\] of the batch have no member'):
            classifier(name)(torch.rand(2, 2, 1, 28, 28), sample.clone(), mode=mode)


@pytest.mark.parametrize('level', ['embedding', 'instance'])
@pytest.mark.parametrize('name', POOLINGS)
def test_a_padded_batch_equals_one_bag_at_a_time(name, level):
    if level == 'instance' and name in ('attention', 'gated'):
        with pytest.raises(ValueError, match='attention is over embeddings'):
            classifier(name, level=level)
        return
    model, bags = classifier(name, level=level), DigitBags(num_bags=5)
    items = [bags[number] for number in range(5)]

    def output(batch):
        batch['inputs'] = batch['inputs'].float() / 255
        found = model(**batch, mode='predict')
        return ([float(bag.pred_scores[1]) for bag in found], [bag.pred_instance_scores for bag in found],
                [int(bag.bag_mask.sum()) for bag in found])

    scores, parts, sizes = output(collate_bags(items))
    assert len(set(sizes)) > 1 and [len(part) for part in parts] == sizes
    for number, item in enumerate(items):
        single, part, _ = output(collate_bags([item]))
        assert single[0] == pytest.approx(scores[number], abs=1e-6)
        assert torch.allclose(part[0], parts[number], atol=1e-5)


def test_bags_are_what_they_say():
    bags = DigitBags(num_bags=300, supervision='full')
    items = [bags[number] for number in range(300)]
    for item in items:
        assert item['data_samples'].gt_label.item() == item['data_samples'].gt_instance_labels.any().item()
    lengths = torch.tensor([len(item['inputs']) for item in items]).double()
    assert lengths.mean().item() == pytest.approx(10, abs=0.5) and lengths.std().item() == pytest.approx(2, abs=0.4)
    positive = sum(item['data_samples'].gt_label.item() for item in items) / 300
    assert positive == pytest.approx(0.65, abs=0.08)
    again, other = DigitBags(num_bags=3)[2]['inputs'], DigitBags(num_bags=3, seed=1)[2]['inputs']
    assert torch.equal(items[2]['inputs'], again) and (again.shape != other.shape or not torch.equal(again, other))
    assert 'gt_instance_labels' not in DigitBags(num_bags=1)[0]['data_samples']
    train_digits, test_digits = DigitBags().digits, DigitBags('test').digits
    assert len(train_digits) + len(test_digits) == 1797
    batch = collate_bags(items[:4])
    assert batch['inputs'].shape[:2] == batch['data_samples'].bag_mask.shape
    assert (batch['inputs'][~batch['data_samples'].bag_mask] == 0).all()
    for wrong in (dict(num_bags=0), dict(target=11), dict(mean_length=0)):
        with pytest.raises(ValueError, match='DigitBags'):
            DigitBags(**wrong)


def test_figures_by_hand():
    metric = BagMetric()
    bags = split_samples(DataSample(
        index=torch.arange(3), gt_label=torch.tensor([1, 0, 1]),
        pred_scores=torch.tensor([[0.1, 0.9], [0.4, 0.6], [0.7, 0.3]]),
        bag_mask=torch.tensor([[True, True, False], [True, True, True], [True, True, True]]),
        pred_instance_scores=[torch.tensor([0.8, 0.2]), torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.1, 0.6, 0.3])],
        gt_instance_labels=torch.tensor([[True, False, False], [False, False, False], [True, False, False]])), 3)
    metric.process(None, [bag.to_dict() for bag in bags])
    figures = metric.evaluate(3)
    assert figures['mil/bag_auc'] == 50 and figures['mil/bag_accuracy'] == pytest.approx(100 / 3, abs=1e-3)
    # instances of the positive bags: targets 0.8 and 0.1, others 0.2, 0.6, 0.3: 3 of 6 pairs in order
    assert figures['mil/instance_auc'] == 50


def test_encoder_refuses_nothing_it_can_read():
    maps = BagEncoder(out_channels=7)(torch.zeros(3, 1, 28, 28))
    assert maps[0].shape == (3, 7)


@pytest.mark.slow
@pytest.mark.long
def test_attention_finds_the_nine(tmp_path):
    name = 'attention_mil_bagencoder_1xb1-const-20e_digitbags'
    config = load_config(f'mmwsl::weaksup/mil/attention_mil/{name}.py', {'train_cfg.max_epochs': 8})
    train(config, work_dir=str(tmp_path))
    figures = evaluate(load_config(str(tmp_path / f'{name}.py')), str(tmp_path / 'epoch_8.pth'))
    assert figures['mil/bag_auc'] > 85 and figures['mil/instance_auc'] > 85
