import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.datasets import InMemoryDataset, stratified_split, subset
from mmwsl.registry import DATASETS


def numbered(count=1000):
    """Images that show their own number, the classes unequal: half of them are of class 0."""
    images = torch.zeros(count, 3, 2, 2, dtype=torch.uint8)
    images[:, 0] = (torch.arange(count) // 256).byte()[:, None, None]
    images[:, 1] = (torch.arange(count) % 256).byte()[:, None, None]
    labels = torch.arange(count) % 10
    labels[:count // 2] = 0
    return InMemoryDataset(images, labels, [str(number) for number in range(10)])


def shown(dataset):
    return (dataset.images[:, 0, 0, 0].long() * 256 + dataset.images[:, 1, 0, 0].long())


def test_split_keeps_the_class_balance():
    labels = torch.arange(1000) % 10
    labels[:500] = 0
    kept, held = stratified_split(labels, 0.2)
    assert torch.equal(torch.cat([kept, held]).sort().values, torch.arange(1000))
    assert torch.equal(labels[held].bincount(), (labels.bincount() * 0.2).round().long())
    assert not torch.equal(stratified_split(labels, 0.2, seed=1)[1], held)
    with pytest.raises(ValueError, match='must lie between 0 and 1'):
        stratified_split(labels, 1.0)


def test_split_of_tags_and_of_two_images():
    kept, held = stratified_split(torch.zeros(10, 3), 0.3)
    assert len(held) == 3 and sorted(kept.tolist() + held.tolist()) == list(range(10))
    assert [len(part) for part in stratified_split(torch.tensor([0, 1]), 0.9)] == [1, 1]  # neither is empty


def test_a_tenth_of_every_class_then_a_part_held_out():
    whole = numbered()
    part = subset(numbered(), fraction=0.1)
    train, held = (subset(numbered(), fraction=0.1, holdout=0.2, held_out=out) for out in (False, True))
    assert part.labels.bincount().tolist() == (whole.labels.bincount() * 0.1).round().int().tolist()
    assert (len(train), len(held)) == (80, 20)
    assert sorted(shown(train).tolist() + shown(held).tolist()) == sorted(shown(part).tolist())
    assert torch.equal(part.labels, whole.labels[shown(part)])  # every image kept its label
    assert part[3]['data_samples'].index == 3  # numbered anew
    assert torch.equal(shown(subset(numbered(), fraction=0.1)), shown(part))
    assert not torch.equal(shown(subset(numbered(), fraction=0.1, seed=1)), shown(part))


def test_a_small_fraction_has_every_class(monkeypatch):
    """1 % of 20 x 50 images is half an image of a class: one of each is taken, and said."""
    def small(labels, **settings):
        return subset(InMemoryDataset(torch.zeros(len(labels), 3, 2, 2, dtype=torch.uint8), labels), **settings)

    said = []
    monkeypatch.setitem(subset.__globals__, 'print_log', lambda message, **_: said.append(message))
    few = small(torch.arange(1000) % 20, fraction=0.01)
    assert few.labels.bincount().tolist() == [1] * 20
    assert 'fraction=0.01 of 1000 images are 10; these are 20' in said[0]
    rare = torch.zeros(1000, dtype=torch.int64)
    rare[123], rare[500:502] = 1, 2  # one image of class 1, two of class 2
    for seed in range(5):
        assert small(rare, fraction=0.02, seed=seed).labels.unique().tolist() == [0, 1, 2]
    tags = torch.zeros(1000, 3)
    tags[:, 0], tags[7, 1], tags[8, 2] = 1, 1, 1
    assert small(tags, fraction=0.01).labels.amax(0).tolist() == [1, 1, 1]


def folder(root):
    for index in range(12):
        place = root / 'ab'[index % 2]
        place.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), index * 20, np.uint8)).save(place / f'image_{index}.png')
    return dict(type='ImageFolder', data_root=str(root))


@pytest.mark.parametrize('in_memory', [False, True])
def test_names_of_a_list(tmp_path, in_memory):
    config = folder(tmp_path)
    (tmp_path / 'names.txt').write_text('image_3.png\nsome/folder/image_8.png 1\n\n')
    dataset = DATASETS.build(dict(type='Subset', names=str(tmp_path / 'names.txt'),
                                  dataset=dict(config, in_memory=in_memory, **(dict(size=8) if in_memory else {}))))
    assert dataset.paths == [str(tmp_path / name) for name in ('a/image_8.png', 'b/image_3.png')]
    assert [dataset[i]['inputs'][0, 0, 0].item() for i in range(len(dataset))] == [160, 60]  # a/8, b/3
    assert dataset.labels.tolist() == [0, 1]


def test_names_with_spaces_and_commas(tmp_path):
    """All of a line, or what stands before a label."""
    for name in ('cat 1.png', 'cat 1.png 2.png', 'a, b.png', 'c d.png', 'cat.png', '3.png'):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / name)
    names = tmp_path / 'names.txt'
    names.write_text('cat 1.png\nin folder/a, b.png\nc d.png 7\n')
    data = subset(dict(type='ImageFolder', data_root=str(tmp_path)), names=str(names))
    assert data.paths == [str(tmp_path / name) for name in ('a, b.png', 'c d.png', 'cat 1.png')]
    names.write_text('cat 1.png 2.png\n')
    assert subset(dict(type='ImageFolder', data_root=str(tmp_path)), names=str(names)).paths == [str(tmp_path / 'cat 1.png 2.png')]


def test_bad_input(tmp_path):
    config = folder(tmp_path)
    with pytest.raises(ValueError, match='two ways to choose'):
        subset(numbered(), fraction=0.1, names='x')
    with pytest.raises(ValueError, match='held_out=True needs holdout'):
        subset(numbered(), held_out=True)
    with pytest.raises(ValueError, match='between 0 and 1'):
        subset(numbered(), fraction=1.5)
    with pytest.raises(FileNotFoundError, match='list of names'):
        subset(config, names=str(tmp_path / 'absent.txt'))
    (tmp_path / 'names.txt').write_text('image_3.png\nother.png\n')
    with pytest.raises(ValueError, match='names 2 images, 1 images'):
        subset(config, names=str(tmp_path / 'names.txt'))
    with pytest.raises(ValueError, match='has no files'):
        subset(numbered(), names=str(tmp_path / 'names.txt'))
