"""Proposals of scenes from a file, by the scenes' numbers."""

import numpy as np
import pytest

from mmwsl.datasets import DigitScenes, WithProposalsByIndex
from mmwsl.datasets.readers.proposals import Proposals, write_proposals

BOXES = [np.array([[0, 0, 9, 9], [5, 5, 20, 20], [1, 1, 40, 40]], np.float32) + number for number in range(3)]
SCORES = [np.array([0.2, 0.9, 0.5], np.float32)] * 3


def scenes(count=3):
    return DigitScenes('train', count, 64, objects=(1, 3), digit_scale=(0.35, 0.5))


def test_the_best_of_a_file(tmp_path):
    file = tmp_path / 'scenes.proposals'
    write_proposals(file, Proposals.from_lists(['0', '1', '2'], BOXES, SCORES))
    dataset = WithProposalsByIndex(scenes(), file, max_proposals=2)
    assert len(dataset) == 3 and dataset.labels.shape == (3, 10) and dataset.metainfo['classes'][3] == '3'
    sample = dataset[2]['data_samples']
    np.testing.assert_array_equal(sample.proposals.numpy(), BOXES[2][[1, 2]])
    assert sample.proposal_scores.tolist() == pytest.approx([0.9, 0.5]) and sample.gt_label.shape == (10,)


def test_a_mapping_without_scores():
    dataset = WithProposalsByIndex(scenes(), {str(number): (boxes, None) for number, boxes in enumerate(BOXES)})
    sample = dataset[0]['data_samples']
    assert 'proposal_scores' not in sample and len(sample.proposals) == 3


def test_a_file_of_fewer_scenes_is_refused(tmp_path):
    write_proposals(tmp_path / 'few', Proposals.from_lists(['0'], BOXES[:1], SCORES[:1]))
    with pytest.raises(ValueError, match='WithProposals: .*lacks 2 of 3 images'):
        WithProposalsByIndex(scenes(), tmp_path / 'few')
    with pytest.raises(FileNotFoundError, match='file of proposals .*none'):
        WithProposalsByIndex(scenes(), tmp_path / 'none')
