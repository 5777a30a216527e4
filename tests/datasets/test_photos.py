"""Photos of one's own: which are found, what part of them a network sees, and what happens to those that are torn."""

import cv2
import numpy as np
import pytest

from mmwsl.datasets import ResizeCenterCrop, ResizeRandomCrop, collate_bags, collate_batch
from mmwsl.datasets.photos import CenterSquare, CollateReadable, PhotoBags, Photos, common_folder, find_photos


def write(path, height=20, width=30):
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    content = cv2.imencode(path.suffix, np.stack([x * 0, y, x], axis=-1).astype(np.uint8))[1]  # red: x, green: y
    path.write_bytes(content.tobytes())
    return str(path)


def test_which_photos_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('a/2.png', 'a/1.JPG', 'a/внутри/[3].png', 'b/4.png'):
        write(tmp_path / name)
    (tmp_path / 'a' / 'notes.txt').write_text('no photo')
    assert find_photos(['a']) == ['a/1.JPG', 'a/2.png', 'a/внутри/[3].png']
    assert find_photos(['a/внутри/[3].png', 'b', 'a/внутри', 'a/*.png']) == ['a/внутри/[3].png', 'b/4.png', 'a/2.png']
    assert find_photos(['**/*.png']) == sorted(['a/2.png', 'a/внутри/[3].png', 'b/4.png'])
    assert find_photos([tmp_path / 'a' / 'notes.txt']) == [str(tmp_path / 'a' / 'notes.txt')]  # it was named
    with pytest.raises(FileNotFoundError, match=r'photo c/\*.png does not exist .*give files, folders, or patterns'):
        find_photos(['a', 'c/*.png'])
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='there are no images in the folder empty'):
        find_photos(['empty'])
    assert common_folder(['a'], find_photos(['a'])) == str(tmp_path / 'a')
    assert common_folder(['a', 'b'], find_photos(['a', 'b'])) == str(tmp_path)
    assert common_folder(['b/4.png'], ['b/4.png']) == str(tmp_path / 'b')


@pytest.mark.parametrize('step', [ResizeCenterCrop(20, 10), ResizeRandomCrop(20, 10), ResizeRandomCrop(20, 10, square=True),
                                  CenterSquare(16)], ids=lambda step: f'{type(step).__name__}{getattr(step, "square", "")}')
@pytest.mark.parametrize('height, width', [(40, 90), (70, 50)])
def test_the_region_is_what_the_input_shows(tmp_path, step, height, width):
    """Colors are positions: the mean red is the middle of the region's x, the mean green that of its y."""
    photo = write(tmp_path / 'x.png', height, width)
    item = Photos([photo], [step])[0]
    left, top, right, bottom = item['data_samples'].region
    red, green, _ = item['inputs'].float().mean((1, 2)).tolist()
    assert red / 255 == pytest.approx((left + right) / 2, abs=.01) and green / 255 == pytest.approx((top + bottom) / 2, abs=.01)
    assert (right - left) * width == pytest.approx((bottom - top) * height, abs=1)
    spread = float(item['inputs'][0].float().max() - item['inputs'][0].float().min()) / 255
    assert spread == pytest.approx(right - left, abs=.1) and item['data_samples'].ori_shape == (height, width)


def test_torn_photos_and_batches(tmp_path):
    torn = tmp_path / 'torn.jpg'
    torn.write_bytes(b'\xff\xd8\xff')
    paths = [write(tmp_path / '0.png'), str(torn), write(tmp_path / '2.png', 10, 10), write(tmp_path / '3.png')]
    items = [Photos(paths, gray=True)[index] for index in range(4)]
    errors, batches = CollateReadable(collate_batch)(items)
    assert list(errors) == [str(torn)] and 'torn.jpg cannot be decoded' in errors[str(torn)]
    assert [batch['inputs'].shape for _, batch in batches] == [(2, 1, 20, 30), (1, 1, 10, 10)]
    assert [[int(sample.index) for sample in samples] for samples, _ in batches] == [[0, 3], [2]]
    bags = PhotoBags([[paths[0], paths[1], paths[3]], [paths[1]], [paths[2]]], pipeline=[CenterSquare(8)])
    errors, ((samples, batch),) = CollateReadable(collate_bags)([bags[index] for index in range(3)])
    assert list(errors) == [str(torn)] and batch['inputs'].shape == (2, 2, 3, 8, 8)
    assert batch['data_samples'].bag_mask.tolist() == [[True, True], [True, False]]
    assert [sample.members for sample in samples] == [[paths[0], paths[3]], [paths[2]]]
    with pytest.raises(ValueError, match='a bag has no photos'):
        PhotoBags([[]])
