import pytest
import torch

from mmwsl.augment.edges import SobelImage


def test_strength_of_edges():
    """A vertical step from 0 to 1: the gradient is 4 on both sides of it, which is full strength; 0 elsewhere."""
    images = torch.zeros(2, 3, 6, 6)
    images[0, :, :, 3:] = 1
    views = SobelImage()(images)
    expected = torch.zeros(6, 6)
    expected[:, 2:4] = 1
    assert views.shape == images.shape and torch.equal(views[0], expected.expand(3, 6, 6))
    assert views[1].abs().max() == 0
    half = torch.zeros(1, 3, 4, 4)
    half[:, 0, 2:] = 0.75  # a third of it in the mean over channels
    assert torch.allclose(SobelImage()(half)[0, 1, 1], torch.full((4,), 0.25))


def test_probability():
    images = torch.rand(200, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    changed = (SobelImage(0.3)(images, generator) != images).flatten(1).any(1).float().mean()
    assert abs(changed - 0.3) < 0.1
    assert torch.equal(SobelImage(0.0)(images), images)
    with pytest.raises(ValueError, match='prob=2 is not a probability'):
        SobelImage(2)
