"""Proposals that come with files: moved with the image, seen whatever the supervision, refused where they do not fit."""

import numpy as np
import pytest
from smooth_pictures import save, smooth_picture

from mmwsl.datasets import ImageList, ImageProposals, with_proposals
from mmwsl.registry import DATASETS

BOXES = np.float32([[10, 5, 50, 45], [0, 0, 30, 30], [10, 5, 50, 45], [1, 1, 5, 50], [20, 10, 60, 40]])
SCORES = np.float32([0.2, 0.9, 0.3, 1.0, 0.5])


@pytest.fixture
def photos(tmp_path):
    """Two photos of 60 x 80 pixels with tags, as a list."""
    for name in ('a', 'b'):
        save(tmp_path / f'{name}.png', smooth_picture(80, 60))
    (tmp_path / 'list.txt').write_text('a.png 0\nb.png 1\n')
    return lambda **settings: ImageList(tmp_path / 'list.txt', data_prefix=str(tmp_path), **settings)


def test_double_and_small_ones_are_left_out_and_the_best_stay():
    boxes, scores = ImageProposals(dict(a=(BOXES, SCORES))).of('somewhere/a.jpg')
    assert boxes.tolist() == BOXES[[1, 4, 0]].tolist() and scores.tolist() == pytest.approx([0.9, 0.5, 0.2])
    boxes, scores = ImageProposals(dict(a=(BOXES, SCORES)), max_proposals=2, min_side=0).of('a.jpg')
    assert boxes.tolist() == BOXES[[3, 1]].tolist()
    boxes, scores = ImageProposals({'a.jpg': (BOXES.tolist(), None)}, key='name', max_proposals=2).of('x/a.jpg')
    assert boxes.tolist() == BOXES[[0, 1]].tolist() and scores is None  # without scores the first ones


@pytest.mark.parametrize('flip', [0, 1])
def test_they_move_with_the_image(photos, flip):
    table = dict(a=(BOXES, SCORES), b=(BOXES[:1], SCORES[:1]))
    pipeline = [dict(type='ResizeShortEdge', short=120), dict(type='RandomFlip', prob=flip)]
    dataset = with_proposals(photos(pipeline=pipeline, supervision='none'), table)
    item = dataset[0]
    assert item['inputs'].shape == (3, 120, 160) and 'gt_label' not in item['data_samples']
    expected = BOXES[[1, 4, 0]] * 2
    if flip:
        expected = np.stack([160 - expected[:, 2], expected[:, 1], 160 - expected[:, 0], expected[:, 3]], axis=1)
    assert item['data_samples'].proposals.tolist() == expected.tolist()
    assert item['data_samples'].proposal_scores.tolist() == pytest.approx([0.9, 0.5, 0.2])
    assert item['data_samples'].scale_factor == (2.0, 2.0) and item['data_samples'].ori_shape == (60, 80)
    assert len(dataset[1]['data_samples'].proposals) == 1


def test_from_a_config(photos):
    assert DATASETS.get('WithProposals') is with_proposals
    dataset = with_proposals(photos(), {name: (BOXES, None) for name in 'ab'}, min_side=30)
    sample = dataset[0]['data_samples']
    assert sample.proposals.tolist() == BOXES[[0, 1, 4]].tolist() and 'proposal_scores' not in sample
    assert sample.gt_label == 0


def test_proposals_of_other_images(photos):
    with pytest.raises(ValueError, match=r"2 of 2 images have no proposals, the first 'a' .*of 1 images with ids like 000005"):
        with_proposals(photos(), {'000005': (BOXES, SCORES)})
    with pytest.raises(ValueError, match=r"1 of 2 images have no proposals, the first 'b'"):
        with_proposals(photos(), dict(a=(BOXES, SCORES)))
    with pytest.raises(ValueError, match=r"2 of 2 images .*ids like none"):
        with_proposals(photos(), {})


@pytest.mark.parametrize('boxes, scores, message', [
    (BOXES[:0], None, "none of the 0 proposals of 'a' has sides of min_side=20"),
    (BOXES[3:4], None, "none of the 1 proposals of 'a' has sides of min_side=20"),
    (BOXES[:, :3], None, r"the proposals of 'a' are of shape \(5, 3\)"),
    (BOXES, SCORES[:2], r"are of shape \(5, 4\), with 2 scores"),
    (BOXES * np.nan, None, "proposals of 'a' are not finite")])
def test_proposals_that_cannot_be_used(boxes, scores, message):
    with pytest.raises(ValueError, match=message):
        ImageProposals(dict(a=(boxes, scores))).of('a.jpg')


def test_datasets_and_settings_that_do_not_fit(photos):
    table = {name: (BOXES, SCORES) for name in 'ab'}
    with pytest.raises(ValueError, match='takes datasets of files that are read one by one'):
        with_proposals(photos(in_memory=True, size=8), table)
    with pytest.raises(ValueError, match='ResizeCenterCrop would not move the proposals'):
        with_proposals(photos(pipeline=[dict(type='ResizeCenterCrop', resize=32, crop=32)]), table)
    with pytest.raises(ValueError, match="key='id' is unknown; choose one of stem, name, path"):
        with_proposals(photos(), table, key='id')


class File:
    """What a proposal file is read to, in small."""

    def check_images(self, names):
        if set(names) - {'a', 'b'}:
            raise KeyError('the file lacks some')

    def of(self, name):
        return BOXES, SCORES


def test_what_a_proposal_file_is_read_to(photos):
    assert len(with_proposals(photos(), File())[1]['data_samples'].proposals) == 3
    with pytest.raises(ValueError, match='WithProposals: the file lacks some'):
        with_proposals(photos(), File(), key='name')
