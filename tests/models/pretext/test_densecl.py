"""DenseCL: value by loops, the matching of places, what the queues receive, learning, resume."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume
from toy_pictures import fit, noisy_views, total

from mmwsl.losses import correspondence
from mmwsl.models.necks import DenseNeck
from mmwsl.registry import MODELS

TINY = """
_base_ = 'mmwsl::selfsup/densecl/densecl_r18w16_1xb256-cos-10e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4, norm_cfg=dict(batch_per_split=8)),
    neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
    queue=dict(length=96, channels=8),
    dense_queue=dict(length=80, channels=8),
    momentum=0.9)
""" + TINY_DATA


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(dict(
        type='DenseCL',
        backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar',
                      norm_cfg=dict(type='SplitBN', batch_per_split=16)),
        neck=dict(type='DenseNeck', in_channels=32, hidden_channels=32, out_channels=16),
        queue=dict(type='FeatureQueue', length=128, channels=16),
        dense_queue=dict(type='FeatureQueue', length=64, channels=16), momentum=0.9), **settings))


def test_correspondence_finds_places_that_were_moved():
    """Places exchanged, and scaled differently, are found where they went; equal sizes are not needed."""
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(3, 8, 6, generator=generator)
    order = torch.stack([torch.randperm(6, generator=generator) for _ in range(3)])
    key = torch.empty(3, 8, 6).scatter_(2, order[:, None].expand(3, 8, 6), query) * torch.arange(1, 7).view(1, 1, 6)
    assert torch.equal(correspondence(query, key), order)
    assert correspondence(query, key[..., :4]).shape == (3, 6)
    assert not correspondence(query.requires_grad_(), key).requires_grad


def contrast(query, key, negatives, temperature):
    """Cross-entropy of one query by Python's own arithmetic."""
    scores = [sum(a * b for a, b in zip(query, other, strict=True)) / temperature for other in [key, *negatives]]
    return math.log(sum(math.exp(score) for score in scores)) - scores[0]


def test_value_by_loops_and_the_queues():
    model = build(dense_weight=0.3, temperature=0.25).double()
    with torch.no_grad():
        for parameter in model.teacher.parameters():  # a teacher that differs, in a shuffled batch
            parameter.add_(0.1 * torch.randn_like(parameter))
    reference = copy.deepcopy(model)
    first, second = (view.double() for view in noisy_views(0, count=32))
    torch.manual_seed(7)
    result = model([first, second], mode='loss')

    torch.manual_seed(7)
    order = torch.randperm(32)
    backbone, neck = reference.teacher.chain
    key_map = backbone(second[order])[0]
    key_vector, key_dense = neck((key_map,))
    back = order.argsort()
    key_map, key_vector, key_dense = key_map[back].flatten(2), key_vector[back], key_dense[back]
    query_map = reference.backbone(first)[0]
    query_vector, query_dense = reference.neck((query_map,))
    query_map = query_map.flatten(2)
    assert query_dense.shape == (32, 16, 4)
    unit = F.normalize

    expected = sum(contrast(q, k, reference.queue.features.tolist(), 0.25)
                   for q, k in zip(unit(query_vector).tolist(), unit(key_vector).tolist(), strict=True)) / 32
    assert result['loss_global'].item() == pytest.approx(0.7 * expected, rel=1e-6)

    dense, moved = 0, 0
    for image in range(32):
        for place in range(4):
            cosines = [F.cosine_similarity(query_map[image, :, place], key_map[image, :, other], dim=0).item()
                       for other in range(4)]
            match = cosines.index(max(cosines))
            moved += match != place
            dense += contrast(unit(query_dense)[image, :, place].tolist(), unit(key_dense)[image, :, match].tolist(),
                              reference.dense_queue.features.tolist(), 0.25)
    assert moved > 10  # the matching is not the identity
    assert result['loss_dense'].item() == pytest.approx(0.3 * dense / 128, rel=1e-6)

    torch.testing.assert_close(model.queue.features[:32], unit(key_vector), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(model.dense_queue.features[:32], unit(key_dense.mean(2)), rtol=1e-6, atol=1e-9)
    assert model.queue.position == model.dense_queue.position == 32
    assert torch.equal(model.queue.features[32:], reference.queue.features[32:])


def test_without_the_dense_loss_only_the_vectors_learn():
    model = build(dense_weight=0.0)
    total(model(noisy_views(0), mode='loss')).backward()
    assert all(p.grad.abs().max() == 0 for p in model.neck.dense.parameters())
    assert all(p.grad.abs().max() > 0 for p in model.neck.vector.parameters())


@pytest.mark.parametrize('dense_weight', [0.0, 1.0])
def test_learns_to_tell_keys_from_those_of_other_images(dense_weight):
    model = build(dense_weight=dense_weight, momentum=1.0, temperature=0.1)
    with torch.no_grad():
        for step in range(4):  # queues of keys in place of random vectors, which are told apart too easily
            model(noisy_views(500 + step), mode='loss')
    model.queue.enqueue = model.dense_queue.enqueue = lambda keys: None
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.03, momentum=0.9)
    losses, result = fit(model, optimizer, [noisy_views(0)] * 25)
    assert sum(losses[-5:]) / 5 < losses[0] - 0.7
    assert result['dense_embedding_std' if dense_weight else 'embedding_std'] > 0.6


def test_neck():
    neck = DenseNeck(8, 16, 4)
    vector, dense = neck((torch.randn(2, 8, 3, 5),))
    assert vector.shape == (2, 4) and dense.shape == (2, 4, 15)
    with pytest.raises(ValueError, match=r'DenseNeck needs a map \(B, C, H, W\), got shape \(2, 8\)'):
        neck(torch.randn(2, 8))


def test_bad_settings():
    with pytest.raises(ValueError, match=r'dense_weight=1.5: it is the share of the dense loss, in \[0, 1\]'):
        build(dense_weight=1.5)


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['backbone.conv1.weight', 'queue.features', 'dense_queue.features',
                                          'queue.position', 'dense_queue.position', 'teacher.chain.0.conv1.weight',
                                          'teacher.chain.1.dense.0.weight'])
