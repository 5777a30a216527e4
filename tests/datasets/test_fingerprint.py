"""Another file, label or box gives another fingerprint; the same data the same."""

import os

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import AnnotatedDataset, FileDataset, ImageFolder, InMemoryDataset
from mmwsl.datasets.fingerprint import fingerprint


@pytest.fixture
def folder(tmp_path):
    for name in ('a/1.png', 'a/2.png', 'b/3.png'):
        (tmp_path / 'images' / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(tmp_path / 'images' / name), np.full((8, 8, 3), 50, np.uint8))
    return tmp_path / 'images'


def test_files(folder):
    whole = fingerprint(ImageFolder(folder))
    assert fingerprint(ImageFolder(folder)) == whole and len(whole) == 64
    for change in (lambda: os.utime(folder / 'a' / '1.png', ns=(1, 1)),
                   lambda: (folder / 'b' / '3.png').write_bytes((folder / 'b' / '3.png').read_bytes() + b' '),
                   lambda: (folder / 'b' / '3.png').rename(folder / 'b' / '4.png'),
                   lambda: (folder / 'b' / '4.png').rename(folder / 'a' / '4.png') and (folder / 'a' / '1.png').rename(folder / 'b' / '1.png'),
                   lambda: (folder / 'a' / '4.png').unlink()):
        change()
        now = fingerprint(ImageFolder(folder))
        assert now != whole
        whole = now


def test_labels_and_a_missing_file(folder):
    paths = [folder / 'a' / '1.png', folder / 'a' / '2.png']
    found = {fingerprint(FileDataset(paths, labels, ['a', 'b'])) for labels in ([0, 1], [1, 0], [0, 0])}
    assert len(found) == 3
    dataset = FileDataset(paths, [0, 1], ['a', 'b'])
    paths[0].unlink()
    assert fingerprint(dataset) not in found


def test_annotations(folder, tmp_path):
    """Boxes, the file they come from, and class maps."""
    maps = tmp_path / 'map.png'
    assert cv2.imwrite(str(maps), np.zeros((8, 8), np.uint8))
    (tmp_path / 'boxes.json').write_text('{}')

    def build(box=(1, 1, 4, 4)):
        annotation = dict(boxes=np.array([box], np.float32), box_labels=np.array([0]), difficult=np.array([False]),
                          class_map=maps, source=str(tmp_path / 'boxes.json'))
        return fingerprint(AnnotatedDataset([folder / 'a' / '1.png'], None, ['x'], [annotation]))

    found = [build(), build((1, 1, 4, 5))]
    for path in (maps, tmp_path / 'boxes.json'):
        os.utime(path, ns=(1, 1))
        found.append(build())
    assert len(set(found)) == 4 and build() == found[-1]


def test_images_in_memory_and_sets_of_sets():
    images = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    first = InMemoryDataset(images, [0, 1], ['a', 'b'])
    images = images.clone()
    images[1, 0, 0, 0] = 1
    second = InMemoryDataset(images, [0, 1], ['a', 'b'])
    assert fingerprint(first) != fingerprint(second)
    together = torch.utils.data.ConcatDataset([first, first]), torch.utils.data.ConcatDataset([first, second])
    assert fingerprint(together[0]) != fingerprint(together[1])
