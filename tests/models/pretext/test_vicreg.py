"""VICReg: value with both forms of the variance term, learning, resume."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

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


def views_of(seed, count=32):
    """Two noisy views of smooth random pictures of 16 px."""
    generator = torch.Generator().manual_seed(seed)
    images = F.interpolate(torch.randn(count, 3, 4, 4, generator=generator), size=16, mode='bilinear')
    return [images + 0.2 * torch.randn(count, 3, 16, 16, generator=generator) for _ in range(2)]


def total(result):
    return sum(value for name, value in result.items() if 'loss' in name)


@pytest.mark.parametrize('halve', [True, False])
def test_value_by_its_formula(halve):
    model = build(invariance_weight=7.0, variance_weight=5.0, covariance_weight=3.0, halve_variance=halve).double()
    views = [view.double() for view in views_of(0)]
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
    logs = []
    for step in range(40):
        result = model(views_of(step), mode='loss')
        optimizer.zero_grad()
        total(result).backward()
        optimizer.step()
        logs.append(total(result).item())
    assert sum(logs[-5:]) / 5 < 0.7 * logs[0]
    assert result['loss_variance'] < 0.4 * 25 and result['embedding_std'] > 0.6


def test_invariance_alone_collapses():
    """What the other two terms are for; the log shows it."""
    model = build(variance_weight=0.0, covariance_weight=0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for step in range(40):
        result = model(views_of(step), mode='loss')
        optimizer.zero_grad()
        total(result).backward()
        optimizer.step()
    z = model.neck(model.backbone(views_of(100)[0]))
    assert z.std(0).mean() < 0.1


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['backbone.conv1.weight', 'neck.layers.0.weight',
                                          'neck.layers.1.running_mean'])
