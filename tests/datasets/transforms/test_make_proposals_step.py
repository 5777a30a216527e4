"""Proposals that a pipeline makes."""

import numpy as np
import pytest
from PIL import Image

from mmwsl.datasets import ImageError
from mmwsl.datasets.transforms import MakeProposals, RandomFlip, ResizeShortEdge
from mmwsl.ops.proposals import hierarchical


def photo(tmp_path):
    pixels = np.full((60, 90, 3), 40, np.uint8)
    pixels[10:40, 20:60] = (250, 200, 0)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    return dict(path=str(tmp_path / 'a.png'), index=0, epoch=0, seed=0), pixels


def test_they_are_those_of_the_photo_and_move_with_it(tmp_path):
    results, pixels = photo(tmp_path)
    boxes, scores = hierarchical(pixels, max_boxes=50)
    large = (boxes[:, 2:] - boxes[:, :2]).min(1) >= 20
    made = MakeProposals(max_boxes=50)(dict(results))
    assert np.array_equal(made['proposals'], boxes[large]) and np.array_equal(made['proposal_scores'], scores[large])
    assert [20, 10, 60, 40] in made['proposals'].round().tolist()
    moved = ResizeShortEdge(short=120, longest=400)(MakeProposals(max_boxes=50)(dict(results)))
    assert np.allclose(moved['proposals'], 2 * boxes[large])
    mirrored = RandomFlip(prob=1.0)(MakeProposals(max_boxes=50)(dict(results)))
    assert np.allclose(mirrored['proposals'][:, 0], 90 - boxes[large][:, 2])


def test_a_photo_keeps_its_own(tmp_path):
    results, _ = photo(tmp_path)
    own = np.float32([[1, 2, 3, 4]])
    assert MakeProposals()(dict(results, proposals=own))['proposals'] is own


def test_a_photo_without_regions(tmp_path):
    results, _ = photo(tmp_path)
    with pytest.raises(ImageError, match='a.png: none of its .* regions has sides of 500 pixels or more'):
        MakeProposals(min_side=500)(results)
    with pytest.raises(ValueError, match='max_boxes=0 and min_side=20 must be 1 or more'):
        MakeProposals(max_boxes=0)
