"""Pairs of labels and the losses on them, against cases by hand and loops."""

import math

import pytest
import torch

from mmwsl.models.weak.segmentation.pairs import (
    affinity_losses,
    compare_pairs,
    grid_labels,
    shift,
)
from mmwsl.refine.random_walk import half_disk
from mmwsl.structures import DataSample


def test_labels_on_the_grid():
    """Two images, one padded by a column; every second pixel of a grid of half the size."""
    first, second = torch.arange(16, dtype=torch.uint8).view(4, 4), torch.full((4, 2), 7, dtype=torch.uint8)
    labels = grid_labels([DataSample(gt_mask=first), DataSample(gt_mask=second)], (4, 4), (2, 2))
    assert labels.tolist() == [[[5, 7], [13, 15]], [[7, 255], [7, 255]]]
    with pytest.raises(ValueError, match='make masks with two thresholds'):
        grid_labels([DataSample()], (4, 4), (2, 2))


def test_shift():
    maps = torch.arange(6.0).view(1, 2, 3)
    assert shift(maps, (1, -1), 9).tolist() == [[[9, 3, 4], [9, 9, 9]]]
    assert shift(maps, (0, 2)).tolist() == [[[2, 0, 0], [5, 0, 0]]]
    assert shift(maps, (-1, 0)).tolist() == [[[0, 0, 0], [0, 1, 2]]]
    assert shift(maps, (4, 4)).tolist() == [[[0, 0, 0]] * 2]


def slow_losses(affinity, labels, offsets):
    found = [[], [], []]
    for b, plane in enumerate(labels.tolist()):
        for k, (down, right) in enumerate(offsets):
            for y, row in enumerate(plane):
                for x, label in enumerate(row):
                    if not (0 <= y + down < len(plane) and 0 <= x + right < len(row)):
                        continue
                    other, value = plane[y + down][x + right], affinity[b, k, y, x].item()
                    if 255 in (label, other):
                        continue
                    kind = 2 if label != other else 1 if label else 0
                    found[kind].append(-math.log(value + 1e-5) if kind < 2 else -math.log(1 + 1e-5 - value))
    return [sum(values) / len(values) for values in found]


def random_pairs(seed, count=4):
    generator, offsets = torch.Generator().manual_seed(seed), half_disk(3)
    labels = torch.tensor([0, 1, 2, 255])[torch.randint(4, (count, 6, 7), generator=generator)]
    labels[0] = 255  # images differ in how many pairs they have
    affinity = torch.rand(count, len(offsets), 6, 7, dtype=torch.float64, generator=generator)
    return affinity.requires_grad_(), labels, offsets


def test_losses_by_loops():
    affinity, labels, offsets = random_pairs(0)
    found = affinity_losses(affinity, compare_pairs(labels, offsets))
    assert [loss.item() for loss in found] == pytest.approx(slow_losses(affinity, labels, offsets), rel=1e-9)


def test_no_pairs_cost_nothing():
    affinity = torch.rand(1, 4, 3, 3, requires_grad=True)
    losses = affinity_losses(affinity, compare_pairs(torch.full((1, 3, 3), 255), half_disk(2)))
    assert [loss.item() for loss in losses] == [0, 0, 0]
    sum(losses).backward()
    assert affinity.grad.abs().max() == 0
