"""The geometry-aware representation: rotations, views, what is refused, that the true rotation helps, ranks."""

import copy

import numpy as np
import pytest
import torch
from rank_invariance import BATCH, check_two_ranks

from mmwsl.apis import build_dataset, build_model, load_config
from mmwsl.datasets import collate_batch
from mmwsl.models.pose.geometry_aware import relative_rotation, rotate_points
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

SMALL = dict(type='GeometryAware', points=8, appearance=6,
             backbone=dict(type='ResNet', depth=18, base_channels=2, out_indices=(4,)),
             decoder=dict(type='ViewDecoder', channels=(16, 8, 8), size=32, dropout=0.0))


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(SMALL), **settings))


def turns(count, seed=0):
    """Random rotations (count, 3, 3)."""
    matrices = np.linalg.qr(np.random.default_rng(seed).normal(size=(count, 3, 3)))[0]
    matrices[:, 0] *= np.linalg.det(matrices)[:, None]
    return torch.tensor(matrices, dtype=torch.float32)


def test_there_and_back_is_nothing():
    points, (first, second) = torch.randn(5, 7, 3), (turns(5), turns(5, 1))
    there = rotate_points(points, relative_rotation(first, second))
    back = rotate_points(there, relative_rotation(second, first))
    torch.testing.assert_close(back, points, atol=1e-5, rtol=0)
    for b in range(5):
        for n in range(7):
            world = first[b].T @ points[b, n]
            torch.testing.assert_close(there[b, n], second[b] @ world, atol=1e-5, rtol=1e-5)


def test_a_view_is_of_turned_points_and_a_borrowed_appearance():
    model = build().eval()
    source, target, ground, person = torch.randn(4, 2, 3, 32, 32)
    rotation = torch.stack([turns(2), turns(2, 1)], dim=1)
    result = model([source, target, ground, person], DataSample(rotation=rotation), mode='loss')
    points = rotate_points(model.encode(source)[0], rotation[:, 1] @ rotation[:, 0].transpose(1, 2))
    made = model.draw(points, model.encode(person)[1], ground)
    assert result['loss_pixels'].item() == pytest.approx((made - target).abs().mean().item(), rel=1e-5)
    squared = build(pixel_loss='squared').eval()([source, target, ground, person], DataSample(rotation=rotation), mode='loss')
    assert squared['loss_pixels'].item() == pytest.approx((made - target).square().mean().item(), rel=1e-5)
    still = build(turns=False).eval()
    assert torch.equal(still.synthesize(source, rotation, ground), still.synthesize(source, rotation.flip(1), ground))
    assert torch.equal(model.features(source), model.encode(source)[0].flatten(1)) and model.features(source).shape == (2, 24)


def test_points_are_made_of_cells():
    model = build(grid=2, backbone=dict(SMALL['backbone'], strides=(1, 1, 2, 2))).eval()
    images = torch.randn(3, 3, 32, 32)
    maps = model.backbone(images)[-1]
    cells = torch.stack([maps[:, :, i, j] for i in range(2) for j in range(2)], dim=2).flatten(1)  # a map of 2 x 2
    points, appearance = model.encode(images)
    torch.testing.assert_close(points.flatten(1), model.to_points(cells))
    torch.testing.assert_close(appearance, model.to_appearance(maps.mean((2, 3))))


def test_a_normalized_latent_has_no_mean():
    torch.manual_seed(0)
    model = build(norm_cfg=dict(type='BN'))
    points, appearance = model.encode(torch.randn(16, 3, 32, 32) + 3)
    for latent in (points.flatten(1), appearance):
        torch.testing.assert_close(latent.mean(0), torch.zeros(latent.shape[1]), atol=1e-4, rtol=0)
        torch.testing.assert_close(latent.std(0, correction=0), torch.ones(latent.shape[1]), atol=0.05, rtol=0)


def test_what_is_refused():
    with pytest.raises(ValueError, match="pixel_loss='median' is unknown"):
        build(pixel_loss='median')
    with pytest.raises(ValueError, match='MultiViewPoses of calibrated'):
        build()([torch.randn(2, 3, 32, 32)] * 3, None, mode='loss')
    with pytest.raises(ValueError, match='multiple of 4'):
        build(decoder=dict(type='ViewDecoder', channels=(8, 8, 8), size=30))


@pytest.mark.long
def test_the_rotation_is_used():
    """After a part of the small recipe unseen people are drawn better with the true rotation than without, and better
    than by leaving them out."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    cfg = load_config('mmwsl::selfsup/geometry_aware/geometry_aware_r18w16_1xb32-cos-10e_multiviewfigures.py',
                      {'model.decoder.dropout': 0.0})
    model = build_model(cfg, 'random', whole=True)[0].train()
    seen, unseen = (build_dataset({**cfg.train_dataloader.dataset, 'split': split, 'num_moments': count})
                    for split, count in (('train', 600), ('test', 120)))

    def batch(data, indices):
        data = model.data_preprocessor(collate_batch([data[int(index)] for index in indices]), True)
        return data['inputs'], data['data_samples']

    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    rng = np.random.default_rng(0)
    for _ in range(450):
        views, samples = batch(seen, rng.integers(len(seen), size=16))
        loss = model(views, samples, mode='loss')['loss_pixels']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    (source, target, ground, person), samples = batch(unseen, range(0, len(unseen), 11))
    with torch.no_grad():
        still = samples.rotation[:, :1].expand(-1, 2, -1, -1)
        true, identity = (float((model.synthesize(source, rotation, ground, person) - target).square().mean())
                          for rotation in (samples.rotation, still))
    assert true < 0.9 * identity and true < 0.85 * float((ground - target).square().mean())


def fields():
    return dict(rotation=torch.stack([turns(BATCH), turns(BATCH, 1)], dim=1).double())


def test_two_ranks_equal_one(tmp_path):
    sync = dict(type='SyncBN')
    check_two_ranks(dict(geometry=dict(
        copy.deepcopy(SMALL), norm_cfg=sync, backbone=dict(SMALL['backbone'], norm_cfg=sync),
        decoder=dict(type='ViewDecoder', channels=(8, 8), size=16, dropout=0.0, norm_cfg=sync), _views=(16, 16, 16),
        _fields=fields, _no_gradient=('to_points.0.bias', 'to_appearance.0.bias'))), tmp_path)  # a norm takes them away
