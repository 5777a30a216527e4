"""Objects put on a background, against pasting pixel by pixel."""

import numpy as np

from mmwsl.ops.occlusion.scatter import cut_pieces, scatter_pieces


def test_what_is_cut_out_has_the_object_alone():
    picture = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
    shapes = np.zeros((2, 5, 6), dtype=bool)
    shapes[0, 1:3, 2:5] = True
    shapes[0, 1, 2] = False
    (pixels, shape), (nothing, empty) = cut_pieces(picture, shapes)
    assert np.array_equal(pixels, picture[1:3, 2:5])
    assert shape.tolist() == [[False, True, True], [True, True, True]]
    assert nothing.shape == (0, 0, 3) and empty.shape == (0, 0)
    own = np.stack([picture + 1, picture + 2])
    assert np.array_equal(cut_pieces(own, shapes)[0][0], picture[1:3, 2:5] + 1)


def test_a_scene_is_what_pasting_pixel_by_pixel_gives():
    """Each object in front of those before it; one that is wider than the picture is cut off."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        background = rng.integers(256, size=(12, 9, 3), dtype=np.uint8)
        pieces = []
        for height, width in ((4, 5), (7, 11), (3, 3), (14, 2)):
            shape = rng.random((height, width)) < 0.7
            pieces.append((rng.integers(256, size=(height, width, 3), dtype=np.uint8), shape))
        picture, seen = scatter_pieces(background, pieces, np.random.default_rng(seed + 100))
        draws = np.random.default_rng(seed + 100)
        slow, owner = background.copy(), np.full((12, 9), -1)
        for number, (pixels, shape) in enumerate(pieces):
            top, left = (draws.integers(min(0, room - length), max(0, room - length) + 1)
                         for length, room in zip(shape.shape, (12, 9), strict=True))
            for y, x in np.argwhere(shape):
                if 0 <= top + y < 12 and 0 <= left + x < 9:
                    slow[top + y, left + x], owner[top + y, left + x] = pixels[y, x], number
                else:
                    assert number in (1, 3)  # the others fit, and keep all of their pixels
        assert np.array_equal(picture, slow)
        assert all(np.array_equal(seen[number], owner == number) for number in range(4))


def test_no_object_leaves_the_background():
    background = np.full((4, 4, 3), 7, dtype=np.uint8)
    picture, seen = scatter_pieces(background, [], np.random.default_rng(0))
    assert np.array_equal(picture, background) and seen.shape == (0, 4, 4)
    picture[:] = 0
    assert background.min() == 7
