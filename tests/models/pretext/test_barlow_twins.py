"""Barlow Twins: value, the weight of the loss, learning, learning rates of the published recipe, resume."""

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from tiny_runs import TINY_DATA, check_resume
from toy_pictures import fit, noisy_views, total

from mmwsl.apis import load_config
from mmwsl.registry import MODELS

TINY = """
_base_ = 'mmwsl::selfsup/barlow_twins/barlow_twins_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=16))
""" + TINY_DATA
IMAGENET = 'mmwsl::selfsup/barlow_twins/barlow_twins_r50_16xb128-cos-1000e_imagenet.py'


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(
        type='BarlowTwins',
        backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=16, num_layers=3, last_bias=False),
        **settings))


def test_value_by_its_formula():
    model = build(off_diagonal_weight=0.1).double()
    with torch.no_grad():
        model.neck.layers[-1].weight.mul_(100)  # variances far above the eps that the correlations have
    views = [view.double() for view in noisy_views(0)]
    z1, z2 = (model.neck(model.backbone(view)).detach().numpy() for view in views)
    correlation = np.corrcoef(z1.T, z2.T)[:16, 16:]
    expected = sum((1 - correlation[i, j])**2 if i == j else 0.1 * correlation[i, j]**2
                   for i in range(16) for j in range(16))
    assert total(model(views, mode='loss')).item() == pytest.approx(expected, rel=1e-4)


def test_loss_weight_multiplies_loss_and_gradient():
    """1/W gives what the authors' code trains with on W devices."""
    views, gradients, losses = noisy_views(0), [], []
    for weight in (1.0, 1 / 16):
        model = build(loss_weight=weight)
        loss = total(model(views, mode='loss'))
        loss.backward()
        losses.append(loss.item())
        gradients.append(model.backbone.conv1.weight.grad)
    assert losses[1] == pytest.approx(losses[0] / 16, rel=1e-5)
    torch.testing.assert_close(gradients[1], gradients[0] / 16, rtol=1e-3, atol=1e-7)


def test_learns_and_does_not_collapse():
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    losses, result = fit(model, optimizer, (noisy_views(step) for step in range(40)))
    assert losses[0] > 5 and sum(losses[-5:]) / 5 < 0.4 * losses[0]
    assert result['embedding_std'] > 0.6


def test_published_learning_rates():
    """Norms and biases have 0.0048 where weights have 0.2, per 256 images, and LARS decays only weights."""
    cfg = load_config(IMAGENET, {'model.neck.hidden_channels': 8, 'model.neck.out_channels': 8})
    init_default_scope('mmwsl')
    model = MODELS.build(cfg.model)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    rates = {id(p): group['lr'] for group in wrapper.optimizer.param_groups for p in group['params']}
    for name, parameter in model.named_parameters():
        assert rates[id(parameter)] == pytest.approx((0.0048 if parameter.ndim == 1 else 0.2) * 2048 / 256), name


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['backbone.conv1.weight', 'neck.layers.0.weight',
                                          'neck.layers.1.running_mean'])
