import copy

import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

from mmwsl.clustering.sinkhorn import sinkhorn
from mmwsl.registry import MODELS

MODEL = dict(
    type='SwAV', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
    neck=dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=8), num_prototypes=12)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(MODEL), **settings))


def views(sides=(16, 16), count=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(count, 3, side, side, generator=generator).double() for side in sides]


def embed(model, crops):
    """Unit embeddings of each view; the neck's BN sees all views, the backbone's those of one size."""
    maps, start = [], 0
    while start < len(crops):
        end = start
        while end < len(crops) and crops[end].shape == crops[start].shape:
            end += 1
        maps.append(model.backbone(torch.cat(crops[start:end]))[0].mean((2, 3)))
        start = end
    return F.normalize(model.neck(torch.cat(maps))).split(len(crops[0]))


def slow_loss(model, crops, queue=None):
    """1/2 sum over large crops i of 1/(V-1) sum over v != i of the cross-entropy between q_i and p_v."""
    z = embed(model, crops)
    prototypes = F.normalize(model.prototypes.weight)
    total = 0
    for i in range(2):
        rows = z[i] if queue is None else torch.cat([queue[i], z[i]])
        q = sinkhorn(rows @ prototypes.T)[-len(z[i]):]
        for v in range(len(crops)):
            if v != i:
                p = torch.softmax(z[v] @ prototypes.T / 0.1, 1)
                total -= sum((q[b] * p[b].log()).sum() for b in range(len(p))) / len(p) / (len(crops) - 1) / 2
    return total.item()


@pytest.mark.parametrize('sides', [(16, 16), (16, 16, 8, 8, 8)])
def test_loss_by_its_formula(sides):
    model = build().double()
    expected = slow_loss(copy.deepcopy(model), views(sides))
    assert model(views(sides), mode='loss')['loss'].item() == pytest.approx(expected, rel=1e-9)


def test_views_of_one_size_share_a_pass():
    model, seen = build().double(), []
    model.backbone.register_forward_pre_hook(lambda module, inputs: seen.append(tuple(inputs[0].shape)))
    model(views((16, 16, 8, 8, 8)), mode='loss')
    assert seen == [(32, 3, 16, 16), (48, 3, 8, 8)]


def test_prototypes_have_length_one_whatever_the_optimiser_did():
    model = build().double()
    first = model(views(), mode='loss')['loss'].item()
    with torch.no_grad():
        model.prototypes.weight.mul_(7)
    assert model(views(), mode='loss')['loss'].item() == pytest.approx(first, rel=1e-9)
    torch.testing.assert_close(model.prototypes.weight.norm(dim=1), torch.ones(12).double())
    model(views(), mode='loss')['loss'].backward()
    assert model.prototypes.weight.grad.abs().max() > 0


def test_the_queue_counts_once_it_is_open_and_full():
    model = build(queue_length=40, queue_start=0.5).double()
    kept = []
    for step in range(6):
        crops, reference = views(seed=step), copy.deepcopy(model)
        queue = None
        if step >= 5:  # open from step 2 on (0.5 is reached after step 1), full after three batches of 16
            queue = [torch.cat([z[i] for z in reversed(kept)])[:40] for i in range(2)]
        expected = slow_loss(copy.deepcopy(reference), crops, queue)
        assert model(crops, mode='loss')['loss'].item() == pytest.approx(expected, rel=1e-9), step
        if step >= 2:
            kept.append([z.detach() for z in embed(reference, crops)])
            torch.testing.assert_close(model.queue[:, :16], torch.stack(kept[-1]), rtol=1e-9, atol=1e-12)
        else:
            assert not model.queue.any()
        model.after_optimizer_step(0.5 if step else 0.4)
    without = slow_loss(copy.deepcopy(reference), crops)
    assert abs(without - expected) > 1e-4  # the queue does change the assignment


def test_it_learns_and_does_not_collapse():
    model = build(num_prototypes=16)
    pictures = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(40):
        images = F.interpolate(torch.randn(48, 3, 3, 3, generator=pictures), size=16, mode='bilinear')
        crops = [images + 0.2 * torch.randn(images.shape, generator=pictures) for _ in range(2)]
        result = model(crops, mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        losses.append(result['loss'].item())
    assert sum(losses[:3]) / 3 > 2.3 and sum(losses[-5:]) / 5 < 2.0  # ln 16 = 2.8 is what a collapsed network has
    assert result['embedding_std'] > 0.5
    with torch.no_grad():
        chosen = (embed(model, crops)[0] @ model.prototypes.weight.T).argmax(1)
    assert len(chosen.unique()) >= 8


def test_a_collapsed_network_shows():
    model = build()
    with torch.no_grad():
        model.neck.layers[-1].weight.zero_()
    result = model([view.float() for view in views()], mode='loss')
    assert result['embedding_std'] < 1e-4


def test_errors():
    for settings in (dict(assigned_views=0), dict(queue_length=-1), dict(queue_start=2)):
        with pytest.raises(ValueError, match='is impossible; they must be >= 1, >= 0 and a share of training'):
            build(**settings)
    with pytest.raises(ValueError, match='SwAV assigns 2 views and predicts them from others, but got 1'):
        build().double()(views((16,)), mode='loss')
    with pytest.raises(ValueError, match='16 embeddings do not fit a queue of 8 rows; make queue_length larger'):
        build(queue_length=8).double()(views(), mode='loss')


TINY = """
_base_ = 'mmwsl::selfsup/swav/swav_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4), neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
    num_prototypes=12, queue_length=64, queue_start=0.2)
custom_hooks = [dict(type='FreezeHook', modules=['prototypes'], iterations=8)]
""" + TINY_DATA + """
optim_wrapper['optimizer'] = dict(
    _delete_=True, type='LARS', lr=0.6, weight_decay=1e-6, momentum=0.9, exclude_1d=False, norm_sum=True)
"""


def test_resume(tmp_path):
    """From step 6, in which the queue is open and half full and the prototypes are frozen for two more steps."""
    check_resume(tmp_path, TINY, changed=['queue', 'prototypes.weight', 'backbone.conv1.weight'])
