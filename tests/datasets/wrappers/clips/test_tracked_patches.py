"""Patches that were mined in clips: they show the same object, and clips that show none give none."""

import numpy as np
import pytest
import torch

from mmwsl.datasets import MotionClips, TrackedPatches
from mmwsl.datasets.wrappers.clips.tracked_patches import cut_patch


@pytest.fixture(scope='module')
def clips():
    return MotionClips(kind='accelerating', num_clips=12, size=64, clip_length=6, supervision='full')


@pytest.fixture(scope='module')
def pairs(clips):
    return TrackedPatches(clips, size=24)


def test_boxes_lie_on_the_object(clips, pairs):
    assert 6 <= len(pairs) <= pairs.seen == 12
    overlaps = []
    for boxes, source in zip(pairs.boxes.numpy(), pairs.sources.tolist(), strict=True):
        masks = clips[source]['data_samples'].gt_mask[[0, -1]].numpy() > 0
        for mask, box in zip(masks, boxes, strict=True):
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            true = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
            inside = (np.minimum(box[2:], true[2:]) - np.maximum(box[:2], true[:2])).clip(0).prod()
            overlaps.append(inside / ((box[2:] - box[:2]).prod() + (true[2:] - true[:2]).prod() - inside))
    assert np.mean(overlaps) > 0.5


def test_batches_are_items(pairs):
    batch = pairs.__getitems__([2, 0])
    assert [view.shape for view in batch['inputs']] == [(2, 3, 24, 24)] * 2
    for row, index in enumerate((2, 0)):
        item = pairs[index]
        assert all(torch.equal(view[row], single) for view, single in zip(batch['inputs'], item['inputs'], strict=True))
        assert batch['data_samples'].clip[row] == item['data_samples'].clip == pairs.sources[index]
    assert pairs.labels is None


def test_patches_are_cut_around_the_middle_and_beyond_the_border():
    frame = np.arange(100, dtype=np.uint8).reshape(10, 10, 1).repeat(3, 2)
    assert (cut_patch(frame, np.array([2, 3, 6, 7]), 4) == frame[3:7, 2:6]).all()
    assert (cut_patch(frame, np.array([-2, 3, 2, 7]), 4)[:, :2] == frame[3:7, :1]).all()


def test_still_clips_and_pictures_are_refused():
    with pytest.raises(ValueError, match='none of 3 clips shows something that moves'):
        TrackedPatches(MotionClips(kind='static', num_clips=3, clip_length=3))
    with pytest.raises(ValueError, match='set clip_length'):
        TrackedPatches(dict(type='Shapes', num_images=2, size=32))
