"""VICReg: value with both forms of the variance term, learning, resume."""

import numpy as np
import pytest
import torch
from tiny_runs import TINY_DATA, check_resume
from toy_pictures import fit, noisy_views

from mmwsl.registry import MODELS

TINY = """
_base_ = 'mmwsl::selfsup/vicreg/vicreg_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=16))
""" + TINY_DATA + """
optim_wrapper['optimizer'] = dict(lr=0.03)
"""


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(
        type='VICReg',
        backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=16, num_layers=3, last_bias=False),
        **settings))


@pytest.mark.parametrize('halve', [True, False])
def test_value_by_its_formula(halve):
    model = build(invariance_weight=7.0, variance_weight=5.0, covariance_weight=3.0, halve_variance=halve).double()
    views = [view.double() for view in noisy_views(0)]
    z = [model.neck(model.backbone(view)).detach().numpy() for view in views]
    invariance = ((z[0] - z[1])**2).mean()
    variance = sum(np.maximum(0, 1 - np.sqrt(each.var(0, ddof=1) + 1e-4)).mean() for each in z)
    covariance = 0
    for each in z:
        matrix = np.cov(each.T)
        covariance += sum(matrix[i, j]**2 for i in range(16) for j in range(16) if i != j) / 16
    assert variance > 0.1
    result = model(views, mode='loss')
    assert result['loss_invariance'].item() == pytest.approx(7 * invariance, rel=1e-9)
    assert result['loss_variance'].item() == pytest.approx((2.5 if halve else 5) * variance, rel=1e-9)
    assert result['loss_covariance'].item() == pytest.approx(3 * covariance, rel=1e-9)


def test_learns_and_does_not_collapse():
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9)
    losses, result = fit(model, optimizer, (noisy_views(step) for step in range(40)))
    assert sum(losses[-5:]) / 5 < 0.7 * losses[0]
    assert result['loss_variance'] < 0.4 * 25 and result['embedding_std'] > 0.6


@pytest.mark.long
def test_invariance_alone_collapses():
    """What the other two terms are for; the log shows it."""
    model = build(variance_weight=0.0, covariance_weight=0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    fit(model, optimizer, (noisy_views(step) for step in range(40)))
    z = model.neck(model.backbone(noisy_views(100)[0]))
    assert z.std(0).mean() < 0.1


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['backbone.conv1.weight', 'neck.layers.0.weight',
                                          'neck.layers.1.running_mean'])
