"""Thresholds of class maps: fixed, by two and three components, and what is kept."""

import pytest
import torch

from mmwsl.models.weak.segmentation.one_stage.thresholds import MapThresholds


def two_peaks(count=4000):
    generator = torch.Generator().manual_seed(0)
    values = torch.cat([torch.randn(count, generator=generator) * 0.08 + 0.3,
                        torch.randn(count, generator=generator) * 0.08 + 0.7])
    return values.clamp(0, 1).expand(2, -1)


def test_fixed_thresholds_stay():
    thresholds = MapThresholds(low=(0.2, 0.3), high=0.7)
    assert torch.equal(thresholds(two_peaks()), torch.tensor([[0.2, 0.7], [0.3, 0.7]]))
    assert list(thresholds.state_dict()) == []


def test_two_components_meet_in_the_middle():
    """Equal peaks at 0.3 and 0.7: halfway; the old value has its share."""
    thresholds = MapThresholds(0.25, 0.7, num_components=2, momentum=0.9, length=2)
    found = thresholds(two_peaks())
    assert torch.allclose(found[0], torch.tensor([0.9 * 0.25 + 0.05, 0.9 * 0.7 + 0.05]), atol=3e-3)
    thresholds.momentum = 0
    assert torch.allclose(thresholds(two_peaks()), torch.full((2, 2), 0.5), atol=0.03)


def test_three_components_leave_what_is_uncertain():
    generator = torch.Generator().manual_seed(0)
    values = torch.cat([torch.randn(2000, generator=generator) * 0.02 + center for center in (0.15, 0.5, 0.9)])
    found = MapThresholds(0.25, 0.7, num_components=3, momentum=0, length=1, iterations=200)(values.expand(2, -1))
    assert 0.2 < found[0, 0] < 0.3 and 0.78 < found[0, 1] < 0.88


def test_nothing_to_fit_changes_nothing():
    """No value above the smallest that counts, and one value alone."""
    for maxima in (torch.zeros(2, 50), torch.full((2, 50), 0.5)):
        for components in (2, 3):
            found = MapThresholds(0.25, 0.7, num_components=components)(maxima)
            assert torch.equal(found, torch.tensor([[0.25, 0.7]] * 2))


def test_old_batches_are_forgotten():
    thresholds = MapThresholds(num_components=2, length=2)
    thresholds(torch.full((2, 7), 0.9))
    for _ in range(2):
        thresholds(torch.full((2, 5), 0.5))
    assert thresholds.histograms.sum((0, 2)).tolist() == [10, 10]
    assert thresholds.histograms[:, 0].argmax(1).tolist() == [500, 500]


@pytest.mark.parametrize('settings, message', [
    (dict(low=0.8, high=0.7), '0 < low <= high < 1'),
    (dict(low=0.0), '0 < low <= high < 1'),
    (dict(num_components=4), 'choose 2, 3, or None')])
def test_what_it_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        MapThresholds(**settings)


def test_fixed_thresholds_are_no_state():
    """A network goes on from another's checkpoint with the thresholds of its own settings."""
    assert MapThresholds(low=0.2, high=0.4).state_dict() == {}
    assert {'values', 'histograms'} == set(MapThresholds(num_components=2, length=3).state_dict())
