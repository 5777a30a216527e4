"""Landmarks by generation: points and Gaussians against loops, the loss by hand, what is refused, that it learns."""

import copy
import math

import numpy as np
import pytest
import torch
from rank_invariance import check_two_ranks

from mmwsl.datasets import MotionClips
from mmwsl.evaluation.functional import fit_landmarks, landmark_errors
from mmwsl.models.pose.landmarks import border_mask, expected_points, render_points
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

ENCODER = dict(type='PairedConvs', channels=4, stages=2)
SMALL = dict(type='LandmarkGeneration', backbone=ENCODER, appearance=ENCODER, landmarks=4, sigma=0.2,
             decoder=dict(type='LandmarkDecoder', channels=16, stages=2), normalizers=(1.0,), weight=1.0)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(SMALL), **settings))


def test_points_are_expectations():
    heat = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    points = expected_points(heat)
    for b in range(2):
        for k in range(3):
            columns = [heat[b, k, :, x].mean().item() for x in range(6)]
            total = sum(math.exp(each) for each in columns)
            x = sum(math.exp(each) / total * ((2 * number + 1) / 6 - 1) for number, each in enumerate(columns))
            assert points[b, k, 0].item() == pytest.approx(x, abs=1e-6)
    sharp = torch.full((1, 1, 4, 6), -1e4)
    sharp[0, 0, 1, 5] = 1e6
    assert expected_points(sharp)[0, 0].tolist() == pytest.approx([5 / 6, -0.25])


def test_gaussians_have_no_half():
    maps = render_points(torch.tensor([[[0.25, -0.5]]]), (4, 8), 0.3)
    for y in range(4):
        for x in range(8):
            squared = ((2 * x + 1) / 8 - 1 - 0.25)**2 + ((2 * y + 1) / 4 - 1 + 0.5)**2
            assert maps[0, 0, y, x].item() == pytest.approx(math.exp(-squared / 0.09), abs=1e-6)


def test_border_mask():
    mask = border_mask((10, 10), 0.1, torch.zeros(1))
    assert mask[5, 5] == 1 and mask[0, 5] == pytest.approx(0.5) and mask[0, 0] == pytest.approx(0.25)


def test_loss_by_hand_and_the_running_mean():
    model = build(normalizers=(4.0,), momentum=0.9, weight=10.0)
    clips = torch.rand(3, 2, 3, 16, 16)
    torch.manual_seed(1)
    result = model([clips], None, mode='loss')
    assert model.running.item() == pytest.approx(0.9 * 4 + 0.1 * result['error'].item(), rel=1e-5)
    assert result['loss'].item() == pytest.approx(10 * result['error'].item() / model.running.item(), rel=1e-5)
    torch.manual_seed(1)
    source, target, warped = model.pair(clips)
    assert not warped and all(any(torch.equal(each, frame) for frame in clip) for each, clip in zip(source, clips, strict=True))
    assert not any(torch.equal(one, other) for one, other in zip(source, target, strict=True))
    assert model.pair(clips[:, 0])[2]


def test_perceptual_network_is_not_trained():
    network = dict(type='ResNet', depth=18, base_channels=2, out_indices=(1, 2))
    model = build(perceptual=network, normalizers=(1.0, 1.0, 1.0))
    result = model([torch.rand(2, 3, 32, 32)], None, mode='loss')
    result['loss'].backward()
    assert all(each.grad is None for each in model.perceptual.parameters())
    assert all(each.grad is not None for each in model.decoder.parameters()) and not model.perceptual.training
    with pytest.raises(ValueError, match='3 are compared'):
        build(perceptual=network)


def test_predictions_are_pixels():
    model, images = build().eval(), torch.rand(2, 3, 16, 24)
    found = model(images, None, mode='predict')
    expected = (model.points(images) + 1) / 2 * torch.tensor([24., 16.])
    assert torch.equal(torch.stack([each.pred_points for each in found]), expected)


def centers(sample):
    """Middles (2, 2) of both parts in the first frame, in half sides from the middle."""
    masks = sample.gt_instance_masks[0].numpy()
    side = masks.shape[-1]
    return np.array([np.argwhere(mask).mean(0)[::-1] + 0.5 for mask in masks]) / side * 2 - 1


@pytest.mark.long
def test_landmarks_find_the_parts_and_move_with_them():
    """From one of a few starts: from others, on other processors others, all landmarks stay on one of the parts."""
    torch.set_num_threads(1)
    clips = MotionClips(kind='pair', num_clips=600, size=32, clip_length=6, speed=(0.05, 0.1), in_memory=True,
                        supervision='none').images
    tested = MotionClips(kind='pair', split='test', num_clips=200, size=32, clip_length=2, supervision='full')
    items = [tested[number] for number in range(200)]
    kept = [item for item in items if (item['data_samples'].gt_instance_masks[0].flatten(1).sum(1) > 20).all()]
    true = np.stack([centers(item['data_samples']) for item in kept])
    images = torch.stack([item['inputs'][0] for item in kept]).float() / 64 - 2
    for seed in range(5):
        found, shifted = learnt_points(seed, clips, images)
        weights = fit_landmarks(found[:100], true[:100])
        if landmark_errors(found[100:], true[100:], weights).mean() < 0.1:
            break
    # 5 % of the image are 0.1 of half sides
    assert landmark_errors(found[100:], true[100:], weights).mean() < 0.1
    inside = true[..., 0].max(1) < 0.5
    # a landmark may sit on the background, which is the same after the shift; most do not
    assert abs(np.median((shifted - found)[inside][..., 0]) - 0.25) < 0.08


def learnt_points(seed, clips, images):
    """Landmarks of images, and of images moved by a quarter of a half side to the right, after 400 steps on clips."""
    encoder = dict(type='PairedConvs', channels=8, stages=1)
    settings = dict(copy.deepcopy(SMALL), landmarks=4, sigma=0.1, backbone=encoder, appearance=encoder,
                    decoder=dict(type='LandmarkDecoder', channels=32, stages=1))
    torch.manual_seed(seed)
    model, rng = MODELS.build(settings), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(400):
        batch = clips[torch.randint(600, (24,), generator=rng)].float() / 64 - 2
        loss = model([batch], None, mode='loss')['loss']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        return model.points(images).numpy(), model.points(images.roll(4, 3)).numpy()


def test_two_ranks_equal_one(tmp_path):
    sync = dict(type='SyncBN')
    encoder = dict(ENCODER, norm_cfg=sync)
    decoder = dict(type='LandmarkDecoder', channels=8, stages=2, norm_cfg=sync)
    check_two_ranks(dict(landmarks=dict(
        copy.deepcopy(SMALL), backbone=encoder, appearance=encoder, decoder=decoder, _views=(16,), _draws=True)), tmp_path)


def test_images_of_any_sample():
    model = build().eval()
    assert model([torch.rand(2, 3, 16, 16)], DataSample(index=torch.arange(2)), mode='loss')['loss'] > 0
