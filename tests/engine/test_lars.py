import math

import pytest
import torch

from mmwsl.engine.lars import LARS
from mmwsl.registry import OPTIMIZERS

STEPS = 5
RATES = (0.4, 0.9, 2.0, 1.3, 0.05)
MOMENTUM, DECAY, ETA, EPS = 0.9, 0.02, 0.05, 1e-8
SHAPES = dict(kernel=(3, 2, 2, 2), matrix=(4, 3), zero=(2, 3), bias=(5, ))


def tensors(seed):
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in SHAPES.items()}


def start():
    weights = tensors(0)
    weights['zero'].zero_()
    return weights


def norm(x):
    return math.sqrt(sum(value * value for value in x.flatten().tolist()))


def barlow(p, g, v, lr, excluded):
    if not excluded:
        g = g + DECAY * p
        if norm(p) > 0 and norm(g) > 0:
            g = g * (ETA * norm(p) / norm(g))
    v = MOMENTUM * v + g
    return p - lr * v, v


def tf_simclr(p, g, v, lr, excluded):
    ratio = 1.0
    if not excluded:
        g = g + DECAY * p
        if norm(p) > 0 and norm(g) > 0:
            ratio = ETA * norm(p) / norm(g)
    v = MOMENTUM * v + ratio * lr * g
    return p - v, v


def openmm(p, g, v, lr, excluded):
    ratio = 1.0
    if not excluded and norm(p) > 0 and norm(g) > 0:
        ratio = ETA * norm(p) / (norm(g) + DECAY * norm(p) + EPS)
    v = MOMENTUM * v + lr * ratio * (g + DECAY * p)
    return p - v, v


def larc(p, g, v, lr, excluded):
    if norm(p) > 0 and norm(g) > 0:
        g = (g + DECAY * p) * (ETA * norm(p) / (norm(g) + DECAY * norm(p) + EPS))
    v = MOMENTUM * v + g
    return p - lr * v, v


def larc_clip(p, g, v, lr, excluded):
    if excluded:  # solo-learn: one-dimensional tensors see plain SGD
        pass
    elif norm(p) > 0 and norm(g) > 0:
        g = (g + DECAY * p) * min(ETA * norm(p) / (norm(g) + DECAY * norm(p) + EPS) / lr, 1.0)
    v = MOMENTUM * v + g
    return p - lr * v, v


VARIANTS = dict(
    barlow=(barlow, dict(), ('bias', ), ()),
    tf_simclr=(tf_simclr, dict(lr_in_momentum=True), ('bias', ), ()),
    openmm=(openmm, dict(norm_sum=True, lr_in_momentum=True, exclude_1d=False), ('bias', ), ('bias', )),
    larc=(larc, dict(norm_sum=True, exclude_1d=False), (), ()),
    larc_clip=(larc_clip, dict(norm_sum=True, clip=True), ('bias', ), ()))


def trajectory(variant, steps=STEPS):
    """Weights after each step, by the plain loop."""
    rule, _, excluded, _ = VARIANTS[variant]
    weights = start()
    velocity = {name: torch.zeros_like(p) for name, p in weights.items()}
    history = []
    for step in range(steps):
        for name, gradient in tensors(step + 1).items():
            weights[name], velocity[name] = rule(weights[name], gradient, velocity[name], RATES[step], name in excluded)
        history.append(dict(weights))
    return history


def optimiser(variant):
    _, settings, _, flagged = VARIANTS[variant]
    weights = {name: torch.nn.Parameter(p) for name, p in start().items()}
    groups = [dict(params=[p for name, p in weights.items() if name not in flagged])]
    if flagged:
        groups.append(dict(params=[weights[name] for name in flagged], lars_exclude=True))
    return weights, LARS(groups, lr=1.0, momentum=MOMENTUM, weight_decay=DECAY, trust_coefficient=ETA, eps=EPS, **settings)


def take(weights, lars, step):
    for group in lars.param_groups:
        group['lr'] = RATES[step]
    for name, gradient in tensors(step + 1).items():
        weights[name].grad = gradient
    lars.step()


@pytest.mark.parametrize('variant', VARIANTS)
def test_trajectory(variant):
    weights, lars = optimiser(variant)
    for step, expected in enumerate(trajectory(variant)):
        take(weights, lars, step)
        for name, p in weights.items():
            assert torch.allclose(p, expected[name], rtol=1e-12, atol=1e-13), (variant, step, name)
    assert weights['zero'].abs().min() > 0  # a tensor that starts at zero moves: its ratio is 1 where its norm is 0


def test_variants_differ():
    """The table of variants would be idle talk if the trajectories were the same."""
    ends = [torch.cat([p.flatten() for p in trajectory(variant)[-1].values()]) for variant in VARIANTS]
    for i, first in enumerate(ends):
        for second in ends[i + 1:]:
            assert (first - second).abs().max() > 1e-3


@pytest.mark.parametrize('norm_sum', [False, True])
def test_zero_gradient(norm_sum):
    """A gradient of zero: only the decay acts, in the default form adapted by its own norm."""
    p = torch.nn.Parameter(torch.tensor([[3.0, 4.0]], dtype=torch.float64))
    p.grad = torch.zeros_like(p)
    LARS([p], lr=0.5, momentum=0, weight_decay=0.1, trust_coefficient=0.01, norm_sum=norm_sum).step()
    # default: u = 0.1 p, |p| / |u| = 10, step 0.5 x 0.01 x 10 x 0.1 p; sum of norms: ratio 1 where |g| is 0
    shrink = 1 - (0.5 * 0.1 if norm_sum else 0.5 * 0.01)
    assert torch.allclose(p, shrink * torch.tensor([[3.0, 4.0]], dtype=torch.float64))
    q = torch.nn.Parameter(torch.zeros(2, 2))
    q.grad = torch.zeros_like(q)
    LARS([q], lr=0.5, norm_sum=norm_sum).step()
    assert torch.equal(q, torch.zeros(2, 2))  # not NaN


def test_exclude_1d_is_plain_sgd():
    p, q = (torch.nn.Parameter(torch.tensor([3.0, 4.0])) for _ in range(2))
    p.grad = q.grad = torch.tensor([1.0, 0.0])
    LARS([p], lr=0.1, weight_decay=1.0, trust_coefficient=0.01).step()
    assert torch.allclose(p, torch.tensor([2.9, 4.0]))  # no decay, ratio 1
    LARS([q], lr=0.1, weight_decay=1.0, trust_coefficient=0.01, exclude_1d=False).step()
    ratio = 0.01 * 5 / math.hypot(4, 4)  # u = (1 + 3, 4)
    assert torch.allclose(q, torch.tensor([3 - 0.4 * ratio, 4 - 0.4 * ratio]))


def test_clip_leaves_zero_weights_at_plain_sgd():
    p = torch.nn.Parameter(torch.zeros(1, 2))
    p.grad = torch.tensor([[1.0, -2.0]])
    LARS([p], lr=4.0, momentum=0, norm_sum=True, clip=True).step()
    assert torch.equal(p, torch.tensor([[-4.0, 8.0]]))


def test_nesterov_equals_sgd_on_excluded_tensors():
    ours, theirs = (torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5])) for _ in range(2))
    lars, sgd = LARS([ours], lr=0.1, nesterov=True), torch.optim.SGD([theirs], lr=0.1, momentum=0.9, nesterov=True)
    for step in range(3):
        ours.grad = theirs.grad = torch.tensor([0.3, 1.0, -1.0]) * (step + 1)
        lars.step()
        sgd.step()
    assert torch.allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize('variant', ['barlow', 'openmm'])
def test_state_dict_round_trip(variant, tmp_path):
    weights, lars = optimiser(variant)
    for step in range(2):
        take(weights, lars, step)
    torch.save(dict(weights={name: p.data for name, p in weights.items()}, lars=lars.state_dict()), tmp_path / 'state.pth')
    saved = torch.load(tmp_path / 'state.pth', weights_only=True)
    others, other = optimiser(variant)
    for name, p in others.items():
        p.data.copy_(saved['weights'][name])
    other.load_state_dict(saved['lars'])
    for step in range(2, STEPS):
        take(weights, lars, step)
        take(others, other, step)
    for name, p in weights.items():
        assert torch.equal(p, others[name]), name


def test_gradients_are_left_alone_and_missing_ones_skipped():
    p, q = torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2, 2))
    bias = torch.nn.Parameter(torch.ones(2))
    p.grad, bias.grad = torch.full((2, 2), 0.5), torch.full((2, ), 0.5)
    LARS([p, q, bias], lr=0.1, weight_decay=0.1, lr_in_momentum=True).step()
    assert torch.equal(p.grad, torch.full((2, 2), 0.5))
    assert torch.equal(bias.grad, torch.full((2, ), 0.5))
    assert torch.equal(q, torch.ones(2, 2))


def test_closure():
    p = torch.nn.Parameter(torch.tensor([2.0]))
    lars = LARS([p], lr=0.25, momentum=0)

    def closure():
        lars.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    assert lars.step(closure).item() == 4.0
    assert torch.equal(p, torch.tensor([1.0]))  # 2 - 0.25 x 4


@pytest.mark.parametrize('name', ['lr', 'momentum', 'weight_decay', 'trust_coefficient', 'eps'])
def test_negative_settings(name):
    settings = {'lr': 0.1, name: -0.5}
    with pytest.raises(ValueError, match=f'LARS: {name} must not be negative, got -0.5'):
        LARS([torch.nn.Parameter(torch.ones(1))], **settings)


def test_is_registered():
    assert OPTIMIZERS.get('LARS') is LARS
