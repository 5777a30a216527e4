"""SimSiam: value, stop-gradient, learning without collapse, the predictor's learning rate, resume."""

import math

import pytest
import torch
from tiny_runs import TINY_DATA, check_resume, train_here, write_config
from toy_pictures import fit, noisy_views

from mmwsl.registry import MODELS

TINY = """
_base_ = 'mmwsl::selfsup/simsiam/simsiam_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4),
    neck=dict(in_channels=32, hidden_channels=16, out_channels=16),
    head=dict(in_channels=16, hidden_channels=8, out_channels=16))
""" + TINY_DATA


def build():
    torch.manual_seed(0)
    bare = dict(last_norm=True, last_affine=False, last_bias=False)
    return MODELS.build(dict(
        type='SimSiam',
        backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=16, num_layers=3, **bare),
        head=dict(type='MLPNeck', in_channels=16, hidden_channels=8, out_channels=16)))


def test_value_by_loops():
    model = build().double()
    first, second = (view.double() for view in noisy_views(0, count=6))
    z = [model.neck(model.backbone(view)) for view in (first, second)]
    p = [model.head(each) for each in z]

    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

    pairs = [(p[0], z[1]), (p[1], z[0])]
    expected = -sum(cosine(a.tolist(), b.tolist()) for one, other in pairs
                    for a, b in zip(one, other, strict=True)) / 12
    assert model([first, second], mode='loss')['loss'].item() == pytest.approx(expected, rel=1e-9)


def test_targets_get_no_gradient():
    """With a head that stops the gradient itself, nothing else may reach the backbone."""
    model = build()
    model.head.register_forward_pre_hook(lambda module, inputs: (inputs[0].detach(),))
    model(noisy_views(0), mode='loss')['loss'].backward()
    assert all(p.grad is None for part in (model.backbone, model.neck) for p in part.parameters())
    assert all(p.grad is not None for p in model.head.parameters())


def test_learns_and_does_not_collapse():
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses, result = fit(model, optimizer, (noisy_views(step) for step in range(40)))
    assert abs(losses[0]) < 0.3 and sum(losses[-5:]) / 5 < -0.6
    assert result['embedding_std'] > 0.6


def test_only_the_predictor_keeps_its_learning_rate(tmp_path, monkeypatch):
    """At every step of a cosine to 0 the predictor learns at the rate of the first."""
    sizes, rates, step = [], [], torch.optim.SGD.step

    def noted(optimizer, *args, **settings):
        sizes.append([sum(p.numel() for p in group['params']) for group in optimizer.param_groups])
        rates.append([group['lr'] for group in optimizer.param_groups])
        return step(optimizer, *args, **settings)

    monkeypatch.setattr(torch.optim.SGD, 'step', noted)
    runner = train_here(write_config(tmp_path, TINY, "param_scheduler = [dict(type='CosineAnnealingLR', "
                                     'convert_to_iter_based=True)]\n'), tmp_path / 'run')
    predictor = sizes[0].index(sum(p.numel() for p in runner.model.head.parameters()))
    assert len(rates) == 20 and len(rates[0]) == 2
    assert {rate[predictor] for rate in rates} == {0.12}
    others = [rate[1 - predictor] for rate in rates]
    assert others == pytest.approx([0.06 * (1 + math.cos(math.pi * step / 20)) for step in range(20)])


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['backbone.conv1.weight', 'neck.layers.0.weight', 'head.layers.0.weight',
                                          'head.layers.1.running_mean'])
