import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.datasets import ImageError, ImageList
from mmwsl.datasets.readers.list_file import split_line
from mmwsl.registry import DATASETS


@pytest.fixture
def images(tmp_path):
    """a.png, b.png, 'my c.jpg' with grey values 10, 20, 30."""
    folder = tmp_path / 'images'
    folder.mkdir()
    for value, name in ((10, 'a.png'), (20, 'b.png'), (30, 'my c.jpg')):
        Image.fromarray(np.full((4, 4, 3), value, np.uint8)).save(folder / name)
    return folder


@pytest.fixture
def write(tmp_path):
    """A function that writes a list file."""
    def make(*lines):
        path = tmp_path / 'list.txt'
        path.write_text('\n'.join(lines))
        return path
    return make


def values(dataset):
    return [int(item['inputs'][0, 0, 0]) for item in dataset]


@pytest.mark.parametrize('line, fields', [
    ('a.jpg', ['a.jpg']), ('a.jpg 3', ['a.jpg', '3']), ('x/a.JPG  3 4', ['x/a.JPG', '3', '4']),
    ('my photo.jpg 3', ['my photo.jpg', '3']), ('a.png\t2', ['a.png', '2']), ('a b.png,1, 2', ['a b.png', '1', '2']),
    ('"a, b.png",1', ['a, b.png', '1']), ('no_ending 3', ['no_ending', '3']), ('a.jpgs/b.png 1', ['a.jpgs/b.png', '1']),
    ('a.jpg.png 1', ['a.jpg.png', '1'])])
def test_split_line(line, fields):
    assert split_line(line) == fields


@pytest.mark.parametrize('lines', [
    ('b.png 1', 'a.png 0', 'my c.jpg 2'), ('b.png,1', 'a.png,0', 'my c.jpg,2'), ('b.png\t1', 'a.png\t0', 'my c.jpg\t2'),
    ('# order matters', '', 'b.png 1', 'a.png 0', '  my c.jpg 2  ', ''),
    ('path,label', 'b.png,1', 'a.png,0', 'my c.jpg,2')])
def test_one_label(images, write, lines):
    dataset = DATASETS.build(dict(type='ImageList', list_file=str(write(*lines)), data_prefix=str(images)))
    assert values(dataset) == [20, 10, 30] and dataset.labels.tolist() == [1, 0, 2]
    assert dataset.labels.dtype == torch.int64 and dataset.metainfo == dict(classes=['0', '1', '2'])
    assert dataset[0]['data_samples'].metainfo['path'].endswith('b.png')


def test_paths_only(images, write):
    dataset = ImageList(write('b.png', 'my c.jpg'), images)
    assert values(dataset) == [20, 30] and dataset.labels is None


def test_several_labels(images, write):
    dataset = ImageList(write('a.png 0 2', 'b.png 1', 'my c.jpg'), images)
    assert dataset.labels.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert dataset[0]['data_samples'].gt_label.tolist() == [1, 0, 1]
    # with one label a line, only by the setting
    dataset = ImageList(write('a.png 0', 'b.png 1'), images, multi_label=True, classes=['x', 'y', 'z'])
    assert dataset.labels.tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize('lines, settings, classes', [
    (('a.png 1 0 1', 'b.png 0 -1 0'), dict(multi_hot=True), ['0', '1', '2']),
    (('a.png 1 0 1', 'b.png 0 -1 0'), dict(multi_hot=True, classes=['x', 'y', 'z']), ['x', 'y', 'z']),
    (('path,cat,dog,emu', 'a.png,1,0,1', 'b.png,0,-1,0'), dict(multi_hot=True), ['cat', 'dog', 'emu']),
    (('path,cat,dog,emu', 'a.png,1,0,1', 'b.png,0,0,0'), {}, ['cat', 'dog', 'emu'])])
def test_a_column_a_class(images, write, lines, settings, classes):
    dataset = ImageList(write(*lines), images, **settings)
    unknown = 0 if not settings else -1
    assert dataset.labels.tolist() == [[1, 0, 1], [0, unknown, 0]] and dataset.classes == classes


@pytest.mark.parametrize('lines, message', [
    (('a.png 1 0', 'b.png 0 0'), 'line 2: the label 0 stands there twice.*multi_hot=True'),
    (('a.png 2', 'b.png 3 3'), 'line 2: the label 3 stands there twice'),
    (('path,label,label', 'a.png,1,1'), 'line 2: the label 1 stands there twice'),
    (('a.png 1 0', 'b.png 0 1'), 'every line of .* has 2 labels, all of them 0 or 1')])
def test_columns_are_not_read_as_class_numbers(images, write, lines, message):
    with pytest.raises(ValueError, match=message):
        ImageList(write(*lines), images)


def test_both_of_two_classes(images, write):
    """Possible, but only if it is said."""
    assert ImageList(write('a.png 1 0', 'b.png 0 1'), images, multi_hot=False).labels.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize('lines, settings, message', [
    (('a.png 1 0', 'b.png 1'), {}, 'line 2 has 1 numbers where'), (('a.png 1 2', 'b.png 1 0'), {}, 'line 1 has 2 where'),
    (('a.png 1 0',), dict(classes=['x', 'y', 'z']), 'line 1 has 2 numbers where .* each of the 3 classes'),
    (('a.png 1 0',), dict(multi_label=False), 'multi_label=False forbids')])
def test_bad_columns(images, write, lines, settings, message):
    with pytest.raises(ValueError, match=message):
        ImageList(write(*lines), images, multi_hot=True, **settings)


def test_absolute_paths_and_memory(images, write):
    dataset = ImageList(write(f'{images}/b.png 0', f'{images}/a.png 0'), in_memory=True, size=2)
    assert dataset.__getitems__([1, 0])['inputs'][:, 0, 0, 0].tolist() == [10, 20]


def test_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError, match='list file .*none.txt does not exist'):
        ImageList(tmp_path / 'none.txt')


def test_missing_image_names_the_line(images, write):
    lines = ('# heading', 'a.png 0', '', 'gone.png 1', 'b.png 1', 'lost.png 0')
    with pytest.raises(FileNotFoundError, match=r'list.txt line 4: the image .*gone.png does not exist \(2 of 4'):
        ImageList(write(*lines), images)
    dataset = ImageList(write(*lines), images, on_error='skip')
    assert values(dataset) == [10, 20] and dataset.labels.tolist() == [0, 1]
    with pytest.raises(FileNotFoundError, match='line 2: the image .*a.png does not exist .*data_prefix'):
        ImageList(write(*lines), '', on_error='skip')


@pytest.mark.parametrize('lines, settings, message', [
    (('a.png 0', 'b.png cat'), {}, "line 2: the label 'cat' is not a whole number"),
    (('a.png 0', 'b.png -1'), {}, "line 2: the label '-1' is not a whole number"),
    (('a.png 0', 'b.png 1.0'), {}, "line 2: the label '1.0' is not a whole number"),
    (('a.png 0', 'b.png'), {}, 'line 2 has 0 labels, but every image must have exactly one'),
    (('a.png 0', 'b.png 0 1'), dict(multi_label=False), 'line 2 has 2 labels'),
    (('a.png 0', 'b.png 0', './a.png 1'), {}, r'./a.png has the labels \[0\] in line 1 and \[1\] in line 3'),
    (('a.png 0', '', 'b.png 2'), dict(classes=['x', 'y']), 'line 3: the label 2 has no name, 2 classes'),
    (('# nothing', ''), {}, 'names no images'),
    ((), {}, 'names no images')])
def test_bad_lines(images, write, lines, settings, message):
    with pytest.raises(ValueError, match=message):
        ImageList(write(*lines), images, **settings)


def test_a_line_that_comes_again(images, write):
    """Some repeat the images of rare classes."""
    assert ImageList(write('a.png 0', 'b.png 1', 'a.png 0'), images).labels.tolist() == [0, 1, 0]


def test_a_list_that_is_no_text(tmp_path, images):
    with pytest.raises(ValueError, match='my c.jpg is not a UTF-8 text file'):
        ImageList(images / 'my c.jpg', images)


def test_corrupt_image(images, write):
    (images / 'b.png').write_bytes(b'')
    dataset = ImageList(write('a.png 0', 'b.png 1'), images)
    with pytest.raises(ImageError, match='b.png is empty'):
        dataset[1]
    assert int(ImageList(write('a.png 0', 'b.png 1'), images, on_error='skip')[1]['data_samples'].gt_label) == 0
