import numpy as np
import pytest
import torch

from mmwsl.augment import (
    RandomRotation90,
    jigsaw_patches,
    patch_grid,
    rotate_four,
    shuffle_patches,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_rotate_four_equals_numpy_and_is_view_major():
    images = torch.rand(3, 2, 5, 5, generator=seeded())
    rotated, labels = rotate_four(images)
    assert labels.dtype == torch.int64 and labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    for k in range(4):
        for i in range(3):
            expected = np.stack([np.rot90(channel, k) for channel in images[i].numpy()])
            assert np.array_equal(rotated[k * 3 + i].numpy(), expected)
    # counter-clockwise: the top right corner goes to the top left
    corner = torch.zeros(1, 1, 2, 2)
    corner[0, 0, 0, 1] = 1
    assert rotate_four(corner)[0][1, 0].tolist() == [[1, 0], [0, 0]]


def test_random_rotation_turns_each_sample_by_one_of_four():
    images = torch.rand(1, 3, 4, 4, generator=seeded()).repeat(2000, 1, 1, 1)
    views = RandomRotation90()(images, seeded(1))
    matches = torch.stack([(views == torch.rot90(images, k, (2, 3))).flatten(1).all(1) for k in range(4)])
    assert matches.sum(0).eq(1).all()
    assert matches.float().mean(1).tolist() == pytest.approx([0.25] * 4, abs=0.035)
    assert torch.equal(views, RandomRotation90()(images.to(memory_format=torch.channels_last), seeded(1)))


def test_jigsaw_patches_are_slices_of_their_cells():
    # every pixel tells its own place, so a patch tells where it was cut
    height, width, grid, size = 23, 29, 3, 5
    rows = torch.arange(height).view(-1, 1).expand(height, width)
    columns = torch.arange(width).expand(height, width)
    images = torch.stack([rows, columns]).float().expand(400, 2, height, width)
    patches = jigsaw_patches(images, grid, size, seeded())
    assert patches.shape == (400, 9, 2, size, size)
    offsets = np.empty((400, 9, 2), int)
    for b in range(400):
        for cell in range(9):
            top, left = (int(value) for value in patches[b, cell, :, 0, 0])
            assert torch.equal(patches[b, cell], images[b, :, top:top + size, left:left + size])
            offsets[b, cell] = top - cell // grid * (height // grid), left - cell % grid * (width // grid)
    for axis, room in enumerate((height // grid - size, width // grid - size)):
        shares = np.bincount(offsets[:, :, axis].ravel(), minlength=room + 1) / offsets[:, :, axis].size
        assert len(shares) == room + 1
        np.testing.assert_allclose(shares, 1 / (room + 1), atol=0.04)
    assert abs(np.corrcoef(offsets[:, 0, 0], offsets[:, 1, 0])[0, 1]) < 0.2


def test_jigsaw_without_jitter_takes_the_centres():
    images = torch.rand(2, 3, 12, 12, generator=seeded())
    patches = jigsaw_patches(images, grid=2, patch_size=4, jitter=False)
    for cell, (top, left) in enumerate(((1, 1), (1, 7), (7, 1), (7, 7))):
        assert torch.equal(patches[:, cell], images[:, :, top:top + 4, left:left + 4])
    whole = jigsaw_patches(images, grid=1, patch_size=12)
    assert torch.equal(whole[:, 0], images)


def test_jigsaw_normalises_each_patch():
    images = torch.rand(2, 3, 24, 24, generator=seeded()) * 0.5
    images[1, :, :8, :8] = 0.3
    plain, normal = (jigsaw_patches(images, 3, 6, seeded(1), normalize=n) for n in (False, True))
    patch = plain[0, 4].numpy()
    expected = (patch - patch.mean((1, 2), keepdims=True)) / patch.std((1, 2), keepdims=True)
    np.testing.assert_allclose(normal[0, 4].numpy(), expected, atol=1e-4)
    assert normal[1, 0].abs().max() < 1e-4  # a flat patch stays flat


def test_jigsaw_seed_and_layout():
    images = torch.rand(4, 3, 31, 30, generator=seeded())
    patches, again, other = (jigsaw_patches(images, 3, 7, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(patches, again) and not torch.equal(patches, other)
    channels_last = images.to(memory_format=torch.channels_last)
    assert torch.equal(patches, jigsaw_patches(channels_last, 3, 7, seeded(1)))


def test_shuffle_puts_the_named_patch_in_place():
    patches = torch.rand(2, 4, 3, 2, 2, generator=seeded())
    order = torch.tensor([[3, 1, 0, 2], [0, 1, 2, 3]], dtype=torch.int8)
    shuffled = shuffle_patches(patches, order)
    for place, source in enumerate((3, 1, 0, 2)):
        assert torch.equal(shuffled[0, place], patches[0, source])
    assert torch.equal(shuffled[1], patches[1])
    assert torch.equal(shuffle_patches(shuffled, order.argsort(1)), patches)


@pytest.mark.parametrize('make, text', [
    (lambda: rotate_four(torch.rand(1, 3, 4, 5)), 'square images'),
    (lambda: RandomRotation90()(torch.rand(1, 3, 4, 5)), 'square images'),
    (lambda: jigsaw_patches(torch.rand(1, 3, 32, 32), 3, 11), r'patch_size=11 does not fit .* cells are 10 x 10'),
    (lambda: jigsaw_patches(torch.rand(1, 3, 32, 32), 0, 4), 'does not fit'),
    (lambda: shuffle_patches(torch.rand(2, 4, 3), torch.zeros(2, 9)), r'\(B, n\) = \(2, 4\)'),
])
def test_bad_arguments(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def places(height, width, count=1):
    """Images whose two channels tell each pixel's row and column, counted from 1."""
    rows = torch.arange(1, height + 1).view(-1, 1).expand(height, width)
    columns = torch.arange(1, width + 1).expand(height, width)
    return torch.stack([rows, columns]).float().expand(count, 2, height, width)


def test_patch_grid_cuts_at_every_stride():
    images = torch.rand(2, 3, 13, 16, generator=seeded())
    patches = patch_grid(images, size=6, stride=3)
    assert patches.shape == (2, 3, 4, 3, 6, 6)  # the last row and column of pixels are left over
    for row in range(3):
        for column in range(4):
            expected = images[:, :, 3 * row:3 * row + 6, 3 * column:3 * column + 6]
            assert torch.equal(patches[:, row, column], expected)
    assert torch.equal(patches, patch_grid(images.to(memory_format=torch.channels_last), 6, 3))


def test_patch_grid_shows_a_random_part_in_the_middle_of_zeros():
    patches = patch_grid(places(14, 17, 300), size=8, stride=3, crop=5, generator=seeded())
    assert patches.shape == (300, 3, 4, 2, 8, 8)
    shown = patches[..., 1:6, 1:6]
    assert torch.equal(patches.count_nonzero((-2, -1)), torch.full((300, 3, 4, 2), 25))  # zeros around
    corner = shown[..., 0, 0] - 1  # (300, 3, 4, 2): row and column where the part was cut
    for axis in (0, 1):
        assert torch.equal(shown[..., axis, :, :] - 1 - corner[..., axis, None, None],
                           places(5, 5)[0, axis].expand(300, 3, 4, 5, 5) - 1)
    offset = corner - 3 * torch.stack(torch.meshgrid(torch.arange(3), torch.arange(4), indexing='ij'), dim=-1)
    shares = torch.stack([(offset == value).float().mean((0, 1, 2)) for value in range(4)])  # 0 to size - crop
    assert torch.allclose(shares, torch.tensor(0.25), atol=0.03)
    assert abs(np.corrcoef(offset[:, 0, 0, 0], offset[:, 0, 1, 0])[0, 1]) < 0.2  # each patch has its own


def test_patch_grid_refuses_what_does_not_fit():
    for settings in (dict(size=13, stride=1), dict(size=4, stride=0), dict(size=4, stride=1, crop=5),
                     dict(size=4, stride=1, crop=0)):
        with pytest.raises(ValueError, match='choose 1 <= crop <= size <= the image'):
            patch_grid(torch.zeros(1, 3, 12, 12), **settings)
