"""Windows as proposals of scenes, and the ops they are made of."""

import pytest
import torch

from mmwsl.datasets import DigitScenes, WithWindows
from mmwsl.ops import box_iou
from mmwsl.ops.windows import edge_contrast, sliding_windows

WINDOWS = dict(sides=(0.26, 0.32, 0.4), aspects=(0.65,), step=0.2, nms_iou=0.7, max_proposals=60)


def scenes(supervision='image', count=20):
    return DigitScenes('train', count, 64, objects=(1, 3), digit_scale=(0.35, 0.5), supervision=supervision)


def test_windows_lie_evenly_inside():
    windows = sliding_windows(40, 60, (20, 100), (1.0, 4.0), 0.5)
    assert windows.min() == 0 and windows[:, 2].max() == 60 and windows[:, 3].max() == 40
    square = windows[(windows[:, 2] - windows[:, 0] - 20).abs() < 1e-4]
    assert square[:, 0].unique().tolist() == [0, 10, 20, 30, 40] and len(square) == 15
    assert len(windows) == 15 + 2 * 7  # 40 x 10, in steps of at most 20 and 5; nothing of 100 pixels fits
    with pytest.raises(ValueError, match='no window of sides=.100,. and aspects=.1.0,. fits into 40 x 60 pixels'):
        sliding_windows(40, 60, (100,))


def test_edges_inside_count_for_a_window_and_those_around_against_it():
    image = torch.zeros(3, 40, 40)
    image[:, 15:25, 15:25] = torch.rand(10, 10, generator=torch.Generator().manual_seed(0))
    scores = edge_contrast(image, torch.tensor([[14., 14, 26, 26], [20, 14, 32, 26], [0, 0, 12, 12]]))
    assert scores[0] > scores[1] > scores[2] and scores[2] == 0


def test_they_find_digits_without_labels():
    dataset, with_boxes = WithWindows(scenes('none'), **WINDOWS), scenes('boxes')
    found = []
    for index in range(20):
        sample = dataset[index]['data_samples']
        assert sample.proposals.shape == (60, 4) and 'gt_label' not in sample
        assert (sample.proposal_scores[:-1] >= sample.proposal_scores[1:]).all()
        found += box_iou(with_boxes[index]['data_samples'].gt_boxes.float(), sample.proposals).amax(1).tolist()
    assert (torch.tensor(found) >= 0.5).float().mean() > 0.8


def test_same_windows_every_time_and_others_with_another_seed():
    first, again, other = (WithWindows(scenes(), seed=seed, **WINDOWS)[3]['data_samples'].proposals for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    dataset = WithWindows(scenes(), **WINDOWS)
    assert len(dataset) == 20 and dataset.classes == [str(n) for n in range(10)] and dataset.labels.shape == (20, 10)
