"""Masks from maps: the background, what is void, refiners."""

import pytest
import torch

from mmwsl.models.weak.segmentation import VOID, masks_from_maps

MAPS = torch.tensor([[[0.9, 0.2, 0.0, 0.4]], [[0.1, 0.3, 0.02, 0.6]]])  # (2, 1, 4)


def mask(**settings):
    return masks_from_maps(MAPS, [4, 7], (1, 4), **settings).tolist()


def test_best_above_the_background():
    assert mask(threshold=0.25) == [[5, 8, 0, 8]]
    assert mask(threshold=0.5) == [[5, 0, 0, 8]]
    assert mask(power=4) == [[5, 8, 0, 8]]  # (1 - 0.3)^4 = 0.24
    assert mask(power=1) == [[5, 0, 0, 8]]


def test_between_two_backgrounds_is_void():
    assert mask(threshold=(0.05, 0.5)) == [[5, VOID, 0, 8]]
    assert mask(power=(8, 1)) == [[5, VOID, 0, 8]]  # (1 - 0.3)^8 = 0.06, (1 - 0.02)^8 = 0.85
    for wrong in (dict(threshold=(0.5, 0.05)), dict(power=(4, 24))):
        with pytest.raises(ValueError, match='the weaker comes first'):
            mask(**wrong)
    for wrong in ({}, dict(threshold=0.3, power=4)):
        with pytest.raises(ValueError, match='by one of'):
            mask(**wrong)


def test_a_photo_without_tags_is_background():
    assert masks_from_maps(torch.zeros(0, 2, 2), [], (3, 5), threshold=0.3).tolist() == [[0] * 5] * 3


def test_maps_are_brought_to_the_size_of_the_photo():
    found = masks_from_maps(torch.tensor([[[1.0, 0.0]]]), [0], (4, 8), threshold=0.5)
    assert found.dtype == torch.uint8 and found.tolist() == [[1, 1, 1, 1, 0, 0, 0, 0]] * 4


def square():
    """An image with a bright square, its true mask, and a map that is shifted and blurred."""
    image = torch.full((3, 24, 24), 40, dtype=torch.uint8)
    image[:, 8:16, 8:16] = 200
    truth = torch.zeros(24, 24, dtype=torch.uint8)
    truth[8:16, 8:16] = 3
    maps = torch.zeros(1, 1, 24, 24)
    maps[..., 6:16, 5:15] = 1
    return image, truth, torch.nn.functional.avg_pool2d(maps, 5, 1, 2)[0]


@pytest.mark.parametrize('refiner', [
    dict(type='pamr'), dict(type='par'), dict(type='dense_crf', preset='seam', method='exact'),
    dict(type='dense_crf', confidence=0.7, position_std=30, color_std=5, method='exact')])
def test_refiners_follow_the_colors(refiner):
    image, truth, maps = square()

    def wrong(refiner):
        return int((masks_from_maps(maps, [2], (24, 24), image, threshold=0.4, refiner=refiner) != truth).sum())
    assert wrong(refiner) < wrong(None) / 2


def test_wrong_refiners_are_refused():
    image, _, maps = square()
    for refiner, text in ((dict(type='crf'), 'choose one of pamr, par, dense_crf'),
                          (dict(type='dense_crf', preset='deep'), 'no preset')):
        with pytest.raises(ValueError, match=text):
            masks_from_maps(maps, [2], (24, 24), image, threshold=0.4, refiner=refiner)
    with pytest.raises(ValueError, match='needs the image'):
        masks_from_maps(maps, [2], (24, 24), threshold=0.4, refiner=dict(type='par'))
