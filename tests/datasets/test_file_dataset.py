"""Draws of a user's own transforms in the workers."""

import random

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mmwsl.datasets import EpochSampler, ImageFolder, collate_batch


class Draws:
    """A transform that leaves what the three global generators give."""

    def __call__(self, results):
        drawn = [random.random(), np.random.rand(), torch.rand(1).item()]
        return dict(results, inputs=torch.tensor(drawn).view(3, 1, 1))


def drawn(folder, epochs, workers, persistent=False, skip=0, seed=0):
    """(epochs, images, 3) of the images in the folder's order."""
    dataset = ImageFolder(folder, pipeline=[Draws()])
    sampler = EpochSampler(dataset, shuffle=False, seed=seed)
    loader = DataLoader(dataset, 2, sampler=sampler, num_workers=workers, persistent_workers=persistent,
                        collate_fn=collate_batch)
    found = []
    for epoch in epochs:
        sampler.set_epoch(epoch)
        sampler.skip(skip)
        found.append(torch.cat([batch['inputs'] for batch in loader])[:, :, 0, 0])
    return torch.stack(found)


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.zeros((4, 4, 3), np.uint8))
    return tmp_path


def test_own_draws_differ_by_epoch_and_resume_equal(folder):
    whole = drawn(folder, [0, 1], 0)
    assert len(whole.flatten().unique()) == 2 * 6 * 3  # every image, epoch and generator draws another number
    for workers, persistent in ((1, True), (2, False)):
        assert torch.equal(drawn(folder, [0, 1], workers, persistent), whole)
    assert torch.equal(drawn(folder, [1], 2, skip=2), whole[1:, 2:])
    assert not torch.equal(drawn(folder, [0], 0, seed=1), whole[:1])


def test_own_draws_leave_the_callers_generators(folder):
    dataset = ImageFolder(folder, pipeline=[Draws()])

    def after(work):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        work()
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert after(lambda: dataset[0]) == after(lambda: None)
