import pytest
import torch
import torch.nn as nn
from gloo_ranks import on_ranks

from mmwsl.models.layers.norm import SplitBatchNorm, SyncBatchNorm, build_norm
from mmwsl.registry import MODELS

COUNTS = (2, 5)  # images on the two ranks


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def randomize(norm):
    with torch.no_grad():
        norm.weight.copy_(1 + 0.3 * seeded(norm.num_features, seed=5))
        norm.bias.copy_(0.3 * seeded(norm.num_features, seed=6))
    return norm


def run(norm, x, output_gradient):
    """Output, gradients and running statistics of one training step."""
    x = x.clone().requires_grad_()
    out = norm(x)
    (out * output_gradient).sum().backward()
    return dict(out=out.detach(), x=x.grad, weight=norm.weight.grad, bias=norm.bias.grad, mean=norm.running_mean,
                var=norm.running_var, steps=norm.num_batches_tracked)


def case(dims):
    total = sum(COUNTS)
    shape = (total, 3, 4, 2) if dims == 2 else (total, 3)
    return 50 + 2 * seeded(*shape), seeded(*shape, seed=1)


def unequal_ranks(rank, size):
    rows = slice(0, COUNTS[0]) if rank == 0 else slice(COUNTS[0], None)
    results = {}
    for dims in (0, 2):
        x, gradient = case(dims)
        results[dims] = run(randomize(SyncBatchNorm(3).double()), x[rows], gradient[rows])
    norm = SyncBatchNorm(3)
    x = seeded(4, 3, 5, 5, seed=2).to(torch.bfloat16)
    out = norm(x.chunk(size)[rank])
    results['bf16'] = dict(out=out.detach().float(), dtype=str(out.dtype))
    before = {key: value.clone() for key, value in norm.state_dict().items()}
    norm(torch.zeros(0, 3, 5, 5, requires_grad=True)).sum().backward()  # no rank has a value
    results['empty'] = dict(before=before, after=norm.state_dict(), gradient=norm.weight.grad)
    norm.eval()
    results['eval'] = norm(x.float()[:1]).detach()
    try:
        norm.train()(torch.zeros(3))
    except ValueError as error:
        results['error'] = str(error)
    return results


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    return on_ranks(unequal_ranks, tmp_path_factory.mktemp('ranks'))


@pytest.mark.parametrize('dims', [0, 2])
def test_sync_bn_on_one_rank_is_torchs(dims):
    x, gradient = case(dims)
    ours = run(randomize(SyncBatchNorm(3).double()), x, gradient)
    torchs = run(randomize((nn.BatchNorm2d if dims else nn.BatchNorm1d)(3).double()), x, gradient)
    for name, value in torchs.items():
        assert torch.equal(ours[name], value), name


@pytest.mark.parametrize('dims', [0, 2])
def test_sync_bn_of_ranks_with_unequal_counts_is_one_over_all(ranks, dims):
    expected = run(randomize((nn.BatchNorm2d if dims else nn.BatchNorm1d)(3).double()), *case(dims))
    parts = [rank[dims] for rank in ranks]
    for name in ('out', 'x'):
        torch.testing.assert_close(torch.cat([part[name] for part in parts]), expected[name], rtol=1e-9, atol=1e-11)
    for name in ('weight', 'bias'):
        torch.testing.assert_close(parts[0][name] + parts[1][name], expected[name], rtol=1e-9, atol=1e-11)
    for part in parts:
        for name in ('mean', 'var', 'steps'):
            torch.testing.assert_close(part[name], expected[name], rtol=1e-12, atol=0)


def test_sync_bn_of_bf16_is_computed_in_fp32(ranks):
    x = seeded(4, 3, 5, 5, seed=2).to(torch.bfloat16)
    expected = nn.BatchNorm2d(3)(x.float()).detach().to(torch.bfloat16).float()
    assert all(rank['bf16']['dtype'] == 'torch.bfloat16' for rank in ranks)
    out = torch.cat([rank['bf16']['out'] for rank in ranks])
    torch.testing.assert_close(out, expected, rtol=2**-7, atol=1e-3)  # one step of bf16
    assert (out == expected).float().mean() > 0.98


def test_sync_bn_of_nothing_leaves_its_statistics(ranks):
    for rank in ranks:
        for key in ('running_mean', 'running_var'):
            assert torch.equal(rank['empty']['before'][key], rank['empty']['after'][key])
        assert torch.equal(rank['empty']['gradient'], torch.zeros(3))


def test_sync_bn_in_eval_mode_uses_its_running_statistics(ranks):
    x = seeded(4, 3, 5, 5, seed=2).to(torch.bfloat16).float()
    norm = nn.BatchNorm2d(3)
    norm(x)
    for rank in ranks:
        torch.testing.assert_close(rank['eval'], norm.eval()(x[:1]).detach(), rtol=1e-5, atol=1e-5)
        assert rank['error'].startswith('SyncBN needs an input of 2 or more dimensions')


@pytest.mark.parametrize('dims', [0, 2])
def test_split_bn_is_torchs_on_each_group(dims):
    shape = (12, 3, 4, 2) if dims == 2 else (12, 3)
    x, gradient = 3 + 2 * seeded(*shape), seeded(*shape, seed=1)
    x[:4] += 5  # the groups differ
    split = run(randomize(SplitBatchNorm(3, batch_per_split=4).double()), x, gradient)
    groups = [run(randomize((nn.BatchNorm2d if dims else nn.BatchNorm1d)(3).double()), *pair)
              for pair in zip(x.chunk(3), gradient.chunk(3), strict=True)]
    for name in ('out', 'x'):
        torch.testing.assert_close(split[name], torch.cat([group[name] for group in groups]), rtol=1e-9, atol=1e-11)
    for name in ('weight', 'bias'):
        torch.testing.assert_close(split[name], sum(group[name] for group in groups), rtol=1e-9, atol=1e-11)
    for name in ('mean', 'var'):
        expected = torch.stack([group[name] for group in groups]).mean(0)
        torch.testing.assert_close(split[name], expected, rtol=1e-12, atol=0)
    assert split['steps'] == 1


def test_split_bn_of_a_small_batch_is_torchs():
    x, gradient = seeded(4, 3, 2, 2), seeded(4, 3, 2, 2, seed=1)
    split = run(randomize(SplitBatchNorm(3, batch_per_split=32).double()), x, gradient)
    torchs = run(randomize(nn.BatchNorm2d(3).double()), x, gradient)
    assert all(torch.equal(split[name], value) for name, value in torchs.items())


def test_split_bn_in_eval_mode_takes_any_batch():
    split, torchs = SplitBatchNorm(3, batch_per_split=4).double().eval(), nn.BatchNorm2d(3).double().eval()
    for norm in (split, torchs):
        norm.running_mean += 1
        norm.running_var += 2
    x = seeded(11, 3, 2, 2)
    assert torch.equal(split(x), torchs(x))
    assert split.running_mean.tolist() == [1, 1, 1]


def test_split_bn_of_bf16_equals_fp32():
    x = seeded(8, 3, 5, 5).to(torch.bfloat16)
    out = SplitBatchNorm(3, batch_per_split=4)(x)
    assert out.dtype == torch.bfloat16
    expected = SplitBatchNorm(3, batch_per_split=4)(x.float())
    torch.testing.assert_close(out.float(), expected, rtol=2**-7, atol=2**-7)


def test_split_bn_keeps_channels_last():
    x = seeded(8, 3, 5, 5).contiguous(memory_format=torch.channels_last)
    split = SplitBatchNorm(3, batch_per_split=4).double()
    assert split(x).is_contiguous(memory_format=torch.channels_last)


def test_split_bn_refuses_what_it_cannot_split():
    with pytest.raises(ValueError, match='a batch of 10 images is not a multiple of batch_per_split=4'):
        SplitBatchNorm(3, batch_per_split=4)(torch.zeros(10, 3, 2, 2))
    with pytest.raises(ValueError, match='batch_per_split must be at least 1, got 0'):
        SplitBatchNorm(3, batch_per_split=0)
    with pytest.raises(ValueError, match=r'SplitBN takes \(B, C\) or \(B, C, H, W\), got shape \(8, 3, 2\)'):
        SplitBatchNorm(3, batch_per_split=4)(torch.zeros(8, 3, 2))


def test_build_norm():
    assert type(build_norm(dict(type='BN', eps=0.5), 3)) is nn.BatchNorm2d
    assert build_norm(dict(type='BN', eps=0.5), 3).eps == 0.5
    assert type(build_norm(dict(type='BN'), 3, dims=0)) is nn.BatchNorm1d
    cfg = dict(type='SplitBN', batch_per_split=7, affine=False)
    split = build_norm(cfg, 5)
    assert (split.batch_per_split, split.num_features, split.weight) == (7, 5, None)
    assert cfg == dict(type='SplitBN', batch_per_split=7, affine=False)  # a config is shared by all layers
    assert MODELS.get('SyncBN') is SyncBatchNorm
    assert type(build_norm(dict(type='SyncBN'), 4)) is SyncBatchNorm
    with pytest.raises(KeyError, match='SyncBN'):
        build_norm(dict(type='SynchBN'), 4)


def test_group_norm_treats_each_sample_alone():
    norm = randomize_group(build_norm(dict(type='GN', num_groups=1, eps=1e-3), 6))
    x = 3 + 2 * seeded(4, 6, 5, 5)
    flat = x.flatten(1)
    normal = ((flat - flat.mean(1, keepdim=True)) / (flat.var(1, correction=0, keepdim=True) + 1e-3).sqrt()).view_as(x)
    expected = normal * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)
    torch.testing.assert_close(norm(x), expected)
    torch.testing.assert_close(norm(x[1:2]), norm(x)[1:2])
    assert build_norm(dict(type='GN', num_groups=2), 6).num_groups == 2
    with pytest.raises(ValueError, match="type='GN' needs num_groups, a divisor of the 6 channels"):
        build_norm(dict(type='GN', num_groups=4), 6)
    with pytest.raises(ValueError, match="type='GN' needs num_groups"):
        build_norm(dict(type='GN'), 6)


def randomize_group(norm):
    with torch.no_grad():
        norm.double().weight.copy_(1 + 0.3 * seeded(norm.num_channels, seed=5))
        norm.bias.copy_(0.3 * seeded(norm.num_channels, seed=6))
    return norm
