"""The networks: the papers' sizes, padding that changes nothing, gradients of a batch, and learning."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmwsl.datasets import collate_graphs
from mmwsl.models.graph import GCND, GCNE, GCNS, GCNV, LGCN, Mediator
from mmwsl.structures import DataSample


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmwsl')
    torch.manual_seed(0)


@pytest.mark.parametrize('kind, arguments, count', [
    (GCNV, dict(in_channels=256), 526_337), (GCNE, dict(in_channels=512), 1_509_890),
    (GCND, dict(in_channels=256, channels=(512, 64)), 163_905), (Mediator, dict(in_channels=14), 42 * 15 + 42 * 43 + 2 * 43)])
def test_parameters_are_as_published(kind, arguments, count):
    assert sum(parameter.numel() for parameter in kind(**arguments).parameters()) == count


def item(nodes, channels, seed):
    rng = np.random.default_rng(seed)
    adjacency = rng.random((nodes, nodes)).astype(np.float32)
    sample = DataSample(index=torch.tensor(seed), adjacency=torch.from_numpy(adjacency / adjacency.sum(1, keepdims=True)),
                        gt_node_labels=torch.from_numpy(rng.integers(0, 2, nodes)), gt_score=torch.tensor(rng.random(), dtype=torch.float32))
    return dict(inputs=torch.from_numpy(rng.normal(size=(nodes, channels)).astype(np.float32)), data_samples=sample)


def models():
    small = dict(channels=(8, 6))
    return dict(GCNE=(GCNE(4, **small), 4), GCND=(GCND(4, **small), 4), GCNS=(GCNS(3, **small), 4), LGCN=(LGCN(4, **small), 4))


@pytest.mark.parametrize('name', models())
def test_padding_changes_nothing(name):
    """A batch of pieces of different sizes says of each what it says of it alone, and its gradient is theirs."""
    model, channels = models()[name]
    if name == 'LGCN':
        model(**collate_graphs([item(30, channels, 9)]), mode='loss')  # other running statistics than 0 and 1
    model.eval()
    items = [item(nodes, channels, number) for number, nodes in enumerate((3, 7, 1))]
    together = model(**collate_graphs(items), mode='tensor')
    for number, each in enumerate(items):
        alone = model(**collate_graphs([each]), mode='tensor')[0]
        torch.testing.assert_close(together[number][:len(each['inputs'])] if together.ndim > 1 else together[number], alone)
    weights = torch.tensor([1 / 3] * 3) if name == 'GCND' else torch.tensor([3, 7, 1]) / 11
    whole = torch.autograd.grad(model(**collate_graphs(items), mode='loss')['loss'], model.head.parameters())
    parts = [torch.autograd.grad(weight * model(**collate_graphs([each]), mode='loss')['loss'], model.head.parameters())
             for weight, each in zip(weights, items, strict=True)]
    for fast, slow in zip(whole, zip(*parts, strict=True), strict=True):
        torch.testing.assert_close(fast, sum(slow))


@pytest.mark.parametrize('name', models())
def test_predictions(name):
    model, channels = models()[name]
    model.eval()
    batch = collate_graphs([item(nodes, channels, nodes) for nodes in (5, 3)])
    logits, found = model(**batch, mode='tensor'), model(**batch, mode='predict')
    for each, logit in zip(found, logits, strict=True):
        if name == 'GCND':
            torch.testing.assert_close(each.pred_scores, logit[None])
        else:
            torch.testing.assert_close(each.pred_instance_scores, (logit[:, 1] - logit[:, 0]).sigmoid())


def test_confidence_and_mediator():
    inputs = torch.randn(6, 8)
    model = GCNV(4, channels=5)
    hidden = (inputs @ model.conv.weight.T + model.conv.bias).clamp(min=0)
    torch.testing.assert_close(model(inputs), model.head(hidden)[:, 0])
    scores = torch.rand(6)
    torch.testing.assert_close(model(inputs, DataSample(gt_score=scores), mode='loss')['loss'], (model(inputs) - scores).square().mean())
    found = model(inputs, mode='predict')
    torch.testing.assert_close(torch.stack([each.pred_features for each in found]), hidden)
    torch.testing.assert_close(torch.cat([each.pred_scores for each in found]), model(inputs))
    model, labels = Mediator(8), torch.tensor([0, 1, 1, 0, 1, 0])
    found = model(inputs, DataSample(gt_label=labels), mode='loss')
    torch.testing.assert_close(found['loss'], -model(inputs).log_softmax(1)[torch.arange(6), labels].mean())
    torch.testing.assert_close(torch.stack([each.pred_scores for each in model(inputs, mode='predict')]), model(inputs).softmax(1))


def test_a_batch_of_graphs():
    items = [item(nodes, 2, nodes) for nodes in (2, 4)]
    batch = collate_graphs(items)
    sample = batch['data_samples']
    assert batch['inputs'].shape == (2, 4, 2) and (batch['inputs'][0, 2:] == 0).all()
    assert sample.node_mask.tolist() == [[True, True, False, False], [True] * 4]
    torch.testing.assert_close(sample.adjacency.sum(2), torch.ones(2, 4))
    assert torch.equal(sample.adjacency[0, 2:], torch.eye(4)[2:]) and torch.equal(sample.adjacency[1], items[1]['data_samples'].adjacency)
    assert sample.gt_node_labels[0].tolist()[2:] == [-100, -100] and sample.gt_score.shape == (2,)


def test_rotation_is_for_training_alone():
    """A turned batch is that of turned features; both halves of a row alike, and a seed's mark not at all."""
    torch.manual_seed(3)
    turn = torch.linalg.qr(torch.randn(4, 4))[0]

    def loss(kind, inputs, sample, rotate, channels=4):
        torch.manual_seed(0)
        model = kind(channels, channels=(8, 6) if kind is not GCNV else 8, rotate=rotate).eval()
        torch.manual_seed(3)
        return model(inputs, sample, mode='loss')['loss']
    rows, scores = torch.randn(6, 8), torch.rand(6)
    torch.testing.assert_close(loss(GCNV, rows, DataSample(gt_score=scores), True),
                               loss(GCNV, torch.cat([rows[:, :4] @ turn, rows[:, 4:] @ turn], 1), DataSample(gt_score=scores), False))
    batch = collate_graphs([item(nodes, 5, nodes) for nodes in (4, 3)])
    inputs, sample = batch.values()
    turned = torch.cat([inputs[..., :4] @ turn, inputs[..., 4:]], 2)
    torch.testing.assert_close(loss(GCNS, inputs, sample, True), loss(GCNS, turned, sample, False))
    for kind in (GCND, GCNE, LGCN):
        torch.testing.assert_close(loss(kind, inputs[..., :4], sample, True), loss(kind, inputs[..., :4] @ turn, sample, False))
