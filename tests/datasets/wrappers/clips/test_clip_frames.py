"""Frames of clips with the labels of their clips."""

import pytest
import torch

from mmwsl.datasets import ActionFigures, ClipFrames, MotionClips

CLIPS = dict(type='ActionFigures', num_clips=7, clip_length=6, size=32)


def test_frames_come_clip_by_clip_with_its_label():
    clips = ActionFigures(num_clips=7, clip_length=6, size=32, supervision='image')
    frames = ClipFrames(clips, frames=3)
    assert len(frames) == 21 and frames.labels.tolist() == clips.labels.repeat_interleave(3).tolist()
    assert frames.metainfo == clips.metainfo
    for index in (0, 20, 7, 8, 1):
        item, (clip, number) = frames[index], divmod(index, 3)
        assert torch.equal(item['inputs'], clips.images[clip, (1, 3, 5)[number]])
        assert int(item['data_samples'].index) == index and item['data_samples'].gt_label == clips.labels[clip]
    hidden = ClipFrames(dict(CLIPS, supervision='none'), frames=3)
    assert hidden.labels is None and 'gt_label' not in hidden[0]['data_samples']


def test_what_is_refused():
    with pytest.raises(ValueError, match=r'takes clips \(T, 3, H, W\) of 7 frames or more'):
        ClipFrames(CLIPS, frames=7)[0]
    with pytest.raises(ValueError, match='frames=0'):
        ClipFrames(CLIPS, frames=0)
    assert ClipFrames(MotionClips(num_clips=2, size=32, clip_length=2), frames=1).labels is None  # clips without classes
