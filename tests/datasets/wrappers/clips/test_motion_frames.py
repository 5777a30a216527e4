"""Frames of clips with the boxes of what moves, made without labels."""

import numpy as np
import pytest
import torch

from mmwsl.datasets import DigitScenes, MotionFrames, frame_region
from mmwsl.ops import box_iou

CLIPS = dict(split='train', num_scenes=16, size=64, digit_scale=(0.35, 0.5), clip_length=4, seed=3)


@pytest.fixture(scope='module')
def frames():
    return MotionFrames(DigitScenes(supervision='none', **CLIPS))


def test_boxes_lie_on_what_moves(frames):
    labelled = DigitScenes(supervision='boxes', **CLIPS)
    assert frames.seen == 16 * 2 and len(frames) == len(frames.sources) >= 24
    overlaps = [float(box_iou(box, labelled[clip]['data_samples'].gt_boxes[number].float()).max())
                for box, (clip, number) in zip(frames.boxes, frames.sources, strict=True)]
    assert np.mean(overlaps) > 0.5


def test_items_are_frames_of_the_clips_and_know_no_label(frames):
    assert frames.classes == [] and frames.labels is None and frames.supervision == 'none'
    position = len(frames) - 1
    item, (clip, number) = frames[-1], frames.sources[position]
    assert torch.equal(item['inputs'], DigitScenes(supervision='none', **CLIPS)[clip]['inputs'][number])
    sample = item['data_samples']
    assert int(sample.index) == position and 'gt_label' not in sample
    assert torch.equal(sample.gt_boxes, frames.boxes[position]) and sample.gt_box_labels.tolist() == [0]
    assert sample.gt_boxes.shape == (1, 4) and sample.gt_boxes.min() >= 0 and sample.gt_boxes.max() <= 64


def test_labels_of_the_clips_are_not_read(frames):
    """Clips that hide them, and clips that show them, give the same."""
    shown = MotionFrames(dict(type='DigitScenes', supervision='full', **dict(CLIPS, num_scenes=3)))
    assert shown.sources == [source for source in frames.sources if source[0] < 3]
    for one, other in zip(shown, frames, strict=False):
        assert set(one['data_samples'].keys()) == {'index', 'gt_boxes', 'gt_box_labels'}
        assert torch.equal(one['data_samples'].gt_boxes, other['data_samples'].gt_boxes)


def test_still_pictures_and_still_clips_are_refused():
    with pytest.raises(ValueError, match=r'item 0 of DigitScenes is of shape \(3, 64, 64\).*set clip_length'):
        MotionFrames(DigitScenes('train', 2, 64, digit_scale=(0.35, 0.5)))
    still = DigitScenes(**dict(CLIPS, num_scenes=2, max_speed=0.0))
    with pytest.raises(ValueError, match='none of 4 frames of 2 clips shows a moving object clearly'):
        MotionFrames(still)


def test_the_region_is_of_the_enlarged_frame(frames):
    clip = DigitScenes(supervision='none', **CLIPS)[frames.sources[0][0]]['inputs'].permute(0, 2, 3, 1).numpy()
    number = frames.sources[0][1]
    region = frame_region(*clip[number - 1:number + 2], upscale=2)
    assert region.mask.shape == (128, 128)
    np.testing.assert_array_equal(region.box / 2, frames.boxes[0][0].numpy())
