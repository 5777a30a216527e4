"""Actions told by frames: votes of a clip's frames, what is chosen, what is refused."""

import pytest
import torch

from mmwsl.protocols import ActionProbe, Features, FeatureSource
from mmwsl.protocols.action_probe import accuracies
from mmwsl.registry import PROTOCOLS

CLASSES = ['run', 'sit', 'wave']


def test_accuracies_by_hand():
    # the second clip has one right frame of two, but that one is surer; the third has two wrong ones
    scores = torch.tensor([[2., 0, 0], [1, 0, 0], [0, 5, 0], [1, 0, 0], [0, 1, 0], [0, 2, 0]])
    frame, clip = accuracies(scores, torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([0, 0, 3, 3, 7, 7]))
    assert frame == pytest.approx(3 / 6) and clip == pytest.approx(2 / 3)


def drawn(count, seed, frames=4, noise=2.0):
    """Features of frames around their class's direction."""
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.arange(count) % 3).repeat_interleave(frames)
    centers = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    features = centers[labels] + noise * torch.randn(len(labels), 8, generator=generator)
    return Features(features, labels, CLASSES)


def test_clips_are_told_better_than_frames():
    found = {each['metric']: each for each in PROTOCOLS.build(dict(type='action_probe', frames=4)).run(
        FeatureSource(drawn(90, 1), drawn(60, 2)))}
    assert 45 < found['action_frame_top1']['value'] + 5 < found['action_clip_top1']['value']
    settings = found['action_clip_top1']['settings']
    assert settings['clips'] == 60 and settings['n_test'] == 240 and settings['strength'] in settings['strengths']
    easy = ActionProbe(4).run(FeatureSource(drawn(30, 1, noise=0.1), drawn(30, 2, noise=0.1)))
    assert [each['value'] for each in easy] == [100, 100]


def test_frames_that_could_not_be_read_are_missed_by_their_clip_alone():
    test = drawn(30, 2, noise=0.1)
    kept = torch.arange(120) != 5
    found = ActionProbe(4).run(FeatureSource(drawn(30, 1, noise=0.1), Features(
        test.features[kept], test.labels[kept], CLASSES, test.indices[kept])))
    assert [each['value'] for each in found] == [100, 100] and found[0]['settings']['clips'] == 30


def test_what_is_refused():
    with pytest.raises(ValueError, match='not 5 frames of each clip'):
        ActionProbe(5).run(FeatureSource(drawn(30, 1), drawn(30, 2)))
    with pytest.raises(ValueError, match='frames=0'):
        ActionProbe(0)
    with pytest.raises(ValueError, match='above 0'):
        ActionProbe(2, strengths=(0.0,))
    unlabelled = Features(torch.randn(4, 8), None, CLASSES)
    with pytest.raises(ValueError, match="'action_probe' needs a labelled dataset"):
        ActionProbe(4).run(FeatureSource(unlabelled, drawn(30, 2)))
