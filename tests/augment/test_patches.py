import numpy as np
import pytest
import torch

from mmwsl.augment import JigsawPatches, RandomRotation90, jigsaw_patches, rotate_four, shuffle_patches


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
    cut = JigsawPatches(grid=3, patch_size=7)
    patches = cut(images, seeded(1))
    assert torch.equal(patches, cut(images, seeded(1))) and not torch.equal(patches, cut(images, seeded(2)))
    assert torch.equal(patches, cut(images.to(memory_format=torch.channels_last), seeded(1)))


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
    (lambda: JigsawPatches(grid=2.5), 'grid=2.5 must be a positive integer'),
    (lambda: shuffle_patches(torch.rand(2, 4, 3), torch.zeros(2, 9)), r'\(B, n\) = \(2, 4\)'),
])
def test_bad_arguments(make, text):
    with pytest.raises(ValueError, match=text):
        make()
