"""W ranks with B/W images each are one rank with B: losses, gradients and all state, for every method."""

import copy

import pytest
import torch
import torch.distributed as dist
from gloo_ranks import on_ranks
from torch.nn.parallel import DistributedDataParallel

from mmwsl.models.pretext.base import TeacherModel
from mmwsl.models.utils.distributed import all_gather
from mmwsl.registry import MODELS

BATCH, SIDE, WIDTH, DIM = 16, 16, 32, 8
SYNC, SPLIT = dict(type='SyncBN'), dict(type='SplitBN', batch_per_split=4)


def backbone(norm_cfg):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=norm_cfg)


def mlp(norm_cfg=SYNC, in_channels=WIDTH, **settings):
    settings = dict(dict(out_channels=DIM, hidden_channels=16), **settings)
    return dict(type='MLPNeck', in_channels=in_channels, norm_cfg=norm_cfg, **settings)


def moco(norm_cfg, **settings):
    # the queue wraps around in the second step
    return dict(type='MoCo', backbone=backbone(norm_cfg), queue=dict(type='FeatureQueue', length=24, channels=DIM),
                momentum=0.9, **settings)


METHODS = dict(
    simclr=dict(type='SimCLR', backbone=backbone(SYNC), neck=mlp(last_norm=True, last_bias=False), temperature=0.1),
    moco_v1_sync=moco(SYNC, neck=mlp(num_layers=1), temperature=0.07),
    moco_v1_split=moco(SPLIT, neck=mlp(num_layers=1), temperature=0.07),
    moco_v2_sync=moco(SYNC, neck=mlp(None), temperature=0.2),
    moco_v2_split=moco(SPLIT, neck=mlp(None), temperature=0.2),
    moco_symmetric=dict(moco(SPLIT, neck=mlp(SPLIT), symmetric=True),
                        queue=dict(type='FeatureQueue', length=48, channels=DIM)),
    byol=dict(type='BYOL', backbone=backbone(SYNC), neck=mlp(), head=mlp(in_channels=DIM), momentum=0.9),
    rotation=dict(type='Rotation', backbone=backbone(SYNC),
                  head=dict(type='ClassificationHead', in_channels=WIDTH, num_classes=4, init_std=0.5)),
    jigsaw=dict(type='Jigsaw', backbone=backbone(SYNC), neck=mlp(num_layers=1, last_norm=True, last_bias=False), grid=2,
                patch_size=6, permutations=12,
                head=dict(type='ClassificationHead', in_channels=4 * DIM, num_classes=12, init_std=0.5)),
)


def to_double(module, inputs):
    return (inputs[0].double(),)


def build(method):
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(METHODS[method])).double()
    # Images are float32 up to the networks, as the preprocessor makes them.
    for encoder in (model.backbone, model.teacher.chain[0]) if isinstance(model, TeacherModel) else (model.backbone,):
        encoder.register_forward_pre_hook(to_double)
    with torch.no_grad():
        for parameter in model.parameters():  # BN's ones and zeros hide errors; so does a teacher like its student
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def share_draws(monkeypatch, rank, size):
    """Let ``torch.randint`` draw for the global batch and return the rank's rows."""
    draw = torch.randint

    def randint(high, shape, device=None, generator=None):
        return draw(high, (shape[0] * size, *shape[1:]), device=device, generator=generator).chunk(size)[rank]

    monkeypatch.setattr(torch, 'randint', randint)


def two_steps(method, rank, size):
    """Losses and gradients of two steps of SGD on this rank's share of the batches, and the state after them."""
    model = build(method)
    wrapped = DistributedDataParallel(model, broadcast_buffers=False) if size > 1 else model
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
    images = torch.Generator().manual_seed(1)
    losses, gradients = [], []
    for step in range(2):
        views = [torch.randn(BATCH, 3, SIDE, SIDE, generator=images).chunk(size)[rank] for _ in range(2)]
        # Only rank 0's generator may count, but for the draws that share_draws makes equal.
        torch.manual_seed(step if rank == 0 or method == 'jigsaw' else 100 + step)
        loss = wrapped(views, mode='loss')['loss']
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.detach())
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad})
        optimizer.step()
        if isinstance(model, TeacherModel):
            model.after_optimizer_step(step / 2)
    return dict(losses=torch.stack(losses), gradients=gradients, state=model.state_dict())


def shared_gradient():
    """Gradient of y where all_gather(x) + y is used: autograd hands both the same tensor."""
    x, y = torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)
    (all_gather(x) + y).sum().backward()
    return dict(x=x.grad, y=y.grad)


def on_a_rank(rank, size):
    with pytest.MonkeyPatch.context() as monkeypatch:
        share_draws(monkeypatch, rank, size)
        results = {method: two_steps(method, rank, size) for method in METHODS}
    if dist.is_initialized():
        results['shared'] = shared_gradient()
    return results


@pytest.fixture(scope='module')
def one():
    return on_a_rank(0, 1)


@pytest.fixture(scope='module')
def two(tmp_path_factory):
    return on_ranks(on_a_rank, tmp_path_factory.mktemp('ranks'))


def close(actual, expected, what):
    scale = expected.abs().max()
    error = (actual - expected).abs().max()
    assert error <= 1e-9 * scale + 1e-13, f'{what}: differs by {error:.3g} at a size of {scale:.3g}'


@pytest.mark.parametrize('method', METHODS)
def test_two_ranks_equal_one(one, two, method):
    expected, ranks = one[method], [rank[method] for rank in two]
    close(torch.stack([rank['losses'] for rank in ranks]).mean(0), expected['losses'], 'loss')
    for step in range(2):
        assert ranks[0]['gradients'][step].keys() == expected['gradients'][step].keys()
        for name, gradient in expected['gradients'][step].items():
            assert gradient.dtype == torch.float64
            if (method, name) != ('byol', 'neck.layers.3.bias'):  # the predictor's BN takes it away again
                assert gradient.abs().max() > 1e-6, f'{name} has no gradient: nothing is compared'
            for rank in ranks:
                close(rank['gradients'][step][name], gradient, f'gradient of {name} in step {step}')
    for name, value in expected['state'].items():
        values = [rank['state'][name] for rank in ranks]
        if 'running_' in name and 'SplitBN' in str(METHODS[method]):
            values = [torch.stack(values).mean(0)]  # each rank has the mean of its own groups
        for own in values:
            close(own.double(), value.double(), name)


@pytest.mark.parametrize('method', [method for method in METHODS if method.startswith(('moco', 'byol'))])
def test_the_teacher_was_compared_while_it_differs_from_the_student(one, method):
    state = one[method]['state']
    difference = (state['teacher.chain.0.conv1.weight'] - state['backbone.conv1.weight']).abs().max()
    assert difference > 1e-3


def test_the_gradient_that_gather_receives_is_not_overwritten(two):
    for rank in two:
        assert torch.equal(rank['shared']['x'], torch.full((2, 3), 2.0))  # summed over the ranks
        assert torch.equal(rank['shared']['y'], torch.ones(4, 3))  # this rank's own
