"""Files of maps and masks."""

import numpy as np
import pytest
from PIL import Image

from mmwsl.datasets import read_class_map
from mmwsl.datasets.readers.map_files import read_maps, write_maps, write_mask


def test_maps_come_back(tmp_path):
    maps = np.random.default_rng(0).random((2, 5, 7)).astype(np.float16)
    write_maps(tmp_path / 'a.npz', [3, 11], maps, scores=np.ones(20, np.float32))
    found = read_maps(tmp_path / 'a.npz')
    assert found['classes'].tolist() == [3, 11] and found['classes'].dtype == np.int64
    assert found['maps'].dtype == np.float16 and (found['maps'] == maps).all() and found['scores'].sum() == 20
    write_maps(tmp_path / 'none.npz', [], np.zeros((0, 5, 7)))
    assert read_maps(tmp_path / 'none.npz')['maps'].shape == (0, 5, 7)


def test_wrong_maps_are_refused(tmp_path):
    with pytest.raises(ValueError, match='one for each class'):
        write_maps(tmp_path / 'a.npz', [1], np.zeros((2, 5, 7)))
    for wrong in (1.5, np.nan):
        with pytest.raises(ValueError, match='divide them by their maximum'):
            write_maps(tmp_path / 'a.npz', [1], np.full((1, 5, 7), wrong))
    with pytest.raises(FileNotFoundError, match='mmwsl maps writes'):
        read_maps(tmp_path / 'a.npz')
    write_maps(tmp_path / 'a.npz', [1], np.zeros((1, 5, 7)))
    content = (tmp_path / 'a.npz').read_bytes()
    for cut in (content[:len(content) // 2], b''):
        (tmp_path / 'a.npz').write_bytes(cut)
        with pytest.raises(ValueError, match='make it anew'):
            read_maps(tmp_path / 'a.npz')


def test_a_mask_is_a_palette_png_of_its_numbers(tmp_path):
    mask = np.array([[0, 1, 255], [20, 0, 2]], np.uint8)
    write_mask(tmp_path / 'a.png', mask)
    with Image.open(tmp_path / 'a.png') as image:
        assert image.mode == 'P' and image.convert('RGB').getpixel((1, 0)) == (128, 0, 0)
    assert (read_class_map(tmp_path / 'a.png') == mask).all()
    with pytest.raises(ValueError, match='uint8'):
        write_mask(tmp_path / 'a.png', mask.astype(int))
