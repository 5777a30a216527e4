import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.heads import ClassificationHead
from mmwsl.models.necks import MLPNeck
from mmwsl.models.necks.mlp import pool


def layout(neck):
    return [type(layer).__name__ for layer in neck.layers]


def test_pool_averages_the_last_map():
    maps = torch.arange(8.0).view(1, 2, 2, 2)
    assert pool(maps).tolist() == [[1.5, 5.5]]
    assert pool((torch.zeros(1, 9, 4, 4), maps)).tolist() == [[1.5, 5.5]]
    assert pool([maps]).tolist() == [[1.5, 5.5]]
    vector = torch.rand(3, 5)
    assert pool(vector) is vector


def test_layers_of_the_published_heads():
    simclr = MLPNeck(6, 3, 5, last_norm=True, last_bias=False)
    assert layout(simclr) == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear', 'BatchNorm1d']
    assert simclr.layers[0].bias is None and simclr.layers[3].bias is None
    byol = MLPNeck(6, 3, 5)
    assert layout(byol) == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    assert byol.layers[0].bias is None and byol.layers[3].bias.shape == (3,)
    assert layout(MLPNeck(6, 3, num_layers=1)) == ['Linear']  # MoCo v1
    moco_v2 = MLPNeck(6, 3, 5, norm_cfg=None)
    assert layout(moco_v2) == ['Linear', 'ReLU', 'Linear'] and moco_v2.layers[0].bias.shape == (5,)
    deep = MLPNeck(6, 3, 5, num_layers=3, last_norm=True, last_affine=False, hidden_bias=True)
    assert [tuple(layer.weight.shape) for layer in deep.layers if isinstance(layer, nn.Linear)] == [(5, 6), (5, 5),
                                                                                                 (3, 5)]
    assert deep.layers[0].bias is not None and deep.layers[1].affine and not deep.layers[-1].affine
    assert deep.out_channels == 3


def test_forward_by_hand():
    neck = MLPNeck(2, 1, 2, norm_cfg=None)
    with torch.no_grad():
        neck.layers[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, -1.0]]))
        neck.layers[0].bias.copy_(torch.tensor([0.0, 1.0]))
        neck.layers[2].weight.copy_(torch.tensor([[2.0, 3.0]]))
        neck.layers[2].bias.fill_(0.5)
    maps = torch.tensor([[2.0, 4.0], [5.0, 5.0]]).view(1, 2, 2, 1)  # averages 3 and 5: hidden relu(3), relu(-4)
    assert neck(maps).tolist() == [[6.5]]


def test_norm_of_the_neck_is_the_config_s():
    neck = MLPNeck(6, 3, 5, norm_cfg=dict(type='SplitBN', batch_per_split=4), last_norm=True)
    x = torch.randn(8, 6)
    out = neck(x)
    assert torch.allclose(torch.stack([part.mean(0) for part in out.chunk(2)]), torch.zeros(2, 3), atol=1e-5)


@pytest.mark.parametrize('settings, message', [
    (dict(num_layers=2), 'several layers needs hidden_channels'),
    (dict(num_layers=1, norm_cfg=None, last_norm=True), 'last_norm=True needs a norm_cfg'),
])
def test_bad_arguments(settings, message):
    with pytest.raises(ValueError, match=message):
        MLPNeck(4, 2, **settings)


def test_classification_head():
    head = ClassificationHead(2, 3)
    assert head.classifier.bias.tolist() == [0, 0, 0]
    with torch.no_grad():
        head.classifier.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]))
    x = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 3.0], [-1.0, -1.0]])
    result = head.loss((x.view(4, 2, 1, 1),), torch.tensor([0, 1, 0, 2]))
    assert result['accuracy'].item() == 75
    scores = torch.tensor([[2.0, 0, -2], [0, 1, -1], [1, 3, -4], [-1, -1, 2]])
    losses = [torch.logsumexp(row, 0) - row[label] for row, label in zip(scores, (0, 1, 0, 2), strict=True)]
    assert result['loss'].item() == pytest.approx(sum(losses).item() / 4, rel=1e-6)
    wide = head.double().loss(x.double(), torch.tensor([0, 1, 0, 2]))['loss']
    assert wide.dtype == torch.float64
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = head.float().loss(x, torch.tensor([0, 1, 0, 2]))['loss']
    assert loss.item() == pytest.approx(F.cross_entropy(scores, torch.tensor([0, 1, 0, 2])).item(), rel=1e-6)


def test_classification_head_starts_with_the_given_deviation():
    weight = ClassificationHead(400, 100, init_std=0.05).classifier.weight
    assert weight.std().item() == pytest.approx(0.05, rel=0.02)
