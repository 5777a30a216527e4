"""Photos and masks: folders, names and values of classes, and masks that cannot be used."""

import cv2
import numpy as np
import pytest
from own_photos import names, write_mask, write_photo

from mmwsl.datasets.own import OwnData, check_sizes, read_own_data


def pairs(root, *values, photos='images', masks='masks', ending=''):
    """A photo and a mask for each tuple of values."""
    for number, each in enumerate(values):
        write_photo(root / photos / f'{number}.jpg')
        write_mask(root / masks / f'{number}{ending}.png', *each)
    return root


@pytest.mark.parametrize(('photos', 'masks'), [
    ('images', 'masks'), ('photos', 'labels'), ('JPEGImages', 'SegmentationClass'), ('img', 'annotations'),
    ('Images', 'Masks')])
def test_folders_of_any_usual_name(tmp_path, photos, masks):
    records = read_own_data(pairs(tmp_path, (0, 1), (0, 2), photos=photos, masks=masks))
    assert records.form == 'photos and masks' and records.classes == ['class 1', 'class 2']
    assert records.tags.tolist() == [[1, 0], [0, 1]] and not any(records.parts)
    check_sizes(records)


@pytest.mark.parametrize('parts', ['{}/images {}/masks', 'images/{} masks/{}'])
def test_parts(tmp_path, parts):
    for part in ('train', 'val'):
        photos, masks = parts.format(part, part).split()
        pairs(tmp_path, (0, 1), photos=photos, masks=masks)
    records = read_own_data(tmp_path)
    assert records.parts == ['train', 'test'] and names(records) == ['0.jpg', '0.jpg']


def test_colors_of_voc_without_a_file_of_names(tmp_path):
    """Numbers of VOC's palette: 0, 1, 15 and void; with names the classes are called by them."""
    colored(tmp_path, (0, 0, 0), (128, 0, 0), (192, 128, 128), (224, 224, 192), (224, 224, 192))
    expected = [0] * 6 + [1] * 6 + [2] * 6 + [255] * 12
    records = read_own_data(tmp_path)
    assert records.classes == ['class 1', 'class 15'] and records.tags.tolist() == [[1, 1], [1, 1]]
    assert "masks are in the colors of VOC's palette" in records.remarks[0]
    assert OwnData(tmp_path, supervision='full')[0]['data_samples'].gt_mask[0].tolist() == expected
    (tmp_path / 'classes.txt').write_text('\n'.join(['background', *(f'thing {number}' for number in range(1, 16))]))
    assert read_own_data(tmp_path).classes[14] == 'thing 15'
    sample = OwnData(tmp_path, supervision='full')[1]['data_samples']
    assert sample.gt_mask[0].tolist() == [0] * 6 + [1] * 6 + [15] * 6 + [255] * 12


def test_black_and_white(tmp_path):
    """Masks of 0 and 255 have one class; where there are other values, 255 is void."""
    records = read_own_data(pairs(tmp_path, (0, 255), (0,), ending='_mask'))
    assert records.classes == ['object'] and records.map_values == {255: 1} and records.tags.tolist() == [[1], [0]]
    sample = OwnData(tmp_path, supervision='full')[0]['data_samples']
    assert sample.gt_mask.unique().tolist() == [0, 1]
    write_mask(tmp_path / 'masks' / '1_mask.png', 0, 4, 255)
    records = read_own_data(tmp_path)  # the file that changed is read anew
    assert records.classes == ['class 4'] and records.tags.tolist() == [[0], [1]]
    assert OwnData(tmp_path, supervision='full')[1]['data_samples'].gt_mask.unique().tolist() == [0, 1, 255]


@pytest.mark.parametrize(('file', 'text', 'classes', 'values'), [
    ('classes.txt', 'background\ncat\ndog\n', ['cat', 'dog'], {0: 0, 1: 1, 2: 2}),
    ('labels.txt', 'cat\ndog\n\n', ['cat', 'dog'], {1: 1, 2: 2}),  # as many as the largest value: from 1
    ('classes.txt', 'sky\ncat\ndog\n', ['sky', 'cat', 'dog'], {0: 1, 1: 2, 2: 3}),
    ('classes.json', '{"0": "background", "2": "dog", "1": "cat"}', ['cat', 'dog'], {0: 0, 1: 1, 2: 2}),
    ('labels.json', '{"dog": 2, "cat": 1}', ['cat', 'dog'], {1: 1, 2: 2})])
def test_names(tmp_path, file, text, classes, values):
    pairs(tmp_path, (0, 1), (0, 2))
    (tmp_path / file).write_text(text)
    records = read_own_data(tmp_path)
    assert records.classes == classes and records.map_values == values
    data = OwnData(tmp_path, supervision='full')
    assert data.classes == ['background', *classes]
    assert data[1]['data_samples'].gt_mask.unique().tolist() == sorted({values.get(0, 0), values[2]})


@pytest.mark.parametrize(('file', 'text', 'message'), [
    ('classes.txt', 'background\ncat\n', 'masks hold the values 2, which have no name; the names are 0 = background, 1'),
    ('classes.txt', '', 'must name each class once'), ('classes.txt', 'cat\ncat\n', 'must name each class once'),
    ('classes.json', '["cat", "dog"]', 'must be JSON of the kind'), ('classes.json', '{', 'must be JSON of the kind'),
    ('classes.json', '{"a": "b"}', 'must be JSON of the kind')])
def test_names_that_do_not_fit(tmp_path, file, text, message):
    pairs(tmp_path, (0, 1), (0, 2))
    (tmp_path / file).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_own_data(tmp_path)


def colored(root, *colors):
    """Two photos with a mask of columns of ``colors`` (red, green, blue)."""
    for number in range(2):
        write_photo(root / 'images' / f'{number}.jpg')
        (root / 'masks').mkdir(exist_ok=True)
        columns = np.array(colors, np.uint8)[np.arange(30) * len(colors) // 30, ::-1]
        cv2.imwrite(str(root / 'masks' / f'{number}.png'), np.broadcast_to(columns, (20, 30, 3)).copy())
    return root


@pytest.mark.parametrize(('file', 'text'), [
    ('classes.txt', 'background,0,0,0\ncat,128,0,0\ndog, 0, 128, 0\nvoid,9,9,9\n'),
    ('labelmap.txt', '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\nignore:9,9,9::\n'),
    ('class_dict.csv', 'name,r,g,b\nbackground,0,0,0\ncat,128,0,0\ndog,0,128,0\nVoid,9,9,9\n')])
def test_colors(tmp_path, file, text):
    colored(tmp_path, (0, 0, 0), (128, 0, 0), (9, 9, 9))
    (tmp_path / file).write_text(text)
    records = read_own_data(tmp_path)
    assert records.classes == ['cat', 'dog'] and records.tags.tolist() == [[1, 0], [1, 0]]
    assert OwnData(tmp_path, supervision='full')[0]['data_samples'].gt_mask[0].tolist() == [0] * 10 + [1] * 10 + [255] * 10
    colored(tmp_path, (0, 0, 0), (127, 0, 0))
    with pytest.raises(ValueError, match=r'300 pixels of 1 colors without a name, among them \(127, 0, 0\); name them'):
        read_own_data(tmp_path)
    colored(tmp_path, (0, 0, 0))
    with pytest.raises(ValueError, match='masks have none of the colors of cat, dog'):
        read_own_data(tmp_path)


def test_grey_in_three_channels(tmp_path):
    colored(tmp_path, (0, 0, 0), (255, 255, 255))
    assert read_own_data(tmp_path).classes == ['object']


def test_masks_beside_photos(tmp_path):
    """Roboflow's: photos, masks and the names of values in each part."""
    for part in ('train', 'valid'):
        pairs(tmp_path, (0, 1), (0, 2), photos=part, masks=part, ending='_mask')
        (tmp_path / part / '_classes.csv').write_text('Pixel Value, Class\n0, background\n1, cat\n2, dog\n')
    records = read_own_data(tmp_path)
    assert records.form == 'photos and masks' and records.classes == ['cat', 'dog']
    assert records.parts == ['train', 'train', 'test', 'test'] and names(records) == ['0.jpg', '1.jpg'] * 2
    assert records.tags.tolist() == [[1, 0], [0, 1]] * 2 and records.remarks == []
    assert read_own_data(tmp_path / 'train').classes == ['cat', 'dog']


def test_void_by_name(tmp_path):
    pairs(tmp_path, (0, 1), (0, 2))
    (tmp_path / 'classes.txt').write_text('unlabeled\ncat\ndog\n')
    assert read_own_data(tmp_path).map_values == {0: 255, 1: 1, 2: 2}


def test_photos_and_masks_without_the_other(tmp_path):
    pairs(tmp_path, (0, 1), (0, 1))
    write_photo(tmp_path / 'images' / 'alone.jpg')
    write_mask(tmp_path / 'masks' / 'lonely.png', 0, 1)
    assert read_own_data(tmp_path).remarks[:2] == ['1 photos without a mask are left out: alone.jpg',
                                                   '1 masks without a photo are left out: lonely.png']
    with pytest.raises(ValueError, match='none of 1 photos in .*images has a mask of its name in .*masks: photos 0.jpg'):
        read_own_data(pairs(tmp_path / 'other', (0, 1), ending='_other'))


def test_masks_that_cannot_be_used(tmp_path):
    pairs(tmp_path, (0, 1), (0, 2))
    for name in '01':
        cv2.imwrite(str(tmp_path / 'masks' / f'{name}.png'), np.full((20, 30, 3), (0, 0, 127), np.uint8))
    with pytest.raises(ValueError, match=r'2 of 2 masks cannot be used, the first: .*0.png.*Where colors stand for'):
        read_own_data(tmp_path)
    (tmp_path / 'masks' / '0.png').write_bytes(b'')
    write_mask(tmp_path / 'masks' / '1.png', 0, 2)
    with pytest.raises(ValueError, match='1 of 2 masks cannot be used, the first: .*0.png cannot be read'):
        read_own_data(tmp_path)


def test_masks_from_which_nothing_is_learnt(tmp_path):
    with pytest.raises(ValueError, match='2 masks hold nothing but 0, which is background'):
        read_own_data(pairs(tmp_path, (0,), (0,)))
    write_mask(tmp_path / 'masks' / '0.png', *range(0, 250, 2), width=250)
    with pytest.raises(ValueError, match='masks hold 124 different values, more than classes could be'):
        read_own_data(tmp_path)


def test_masks_of_another_size(tmp_path):
    pairs(tmp_path, (0, 1), (0, 2))
    write_mask(tmp_path / 'masks' / '0.png', 0, 1, width=15, height=10)
    with pytest.raises(ValueError, match='1 of 2 photos do not fit.*\n.*0.jpg has 30 x 20 pixels, but .*0.png says 15'):
        check_sizes(read_own_data(tmp_path))


def test_neither_folder(tmp_path):
    write_photo(tmp_path / 'images' / 'a.jpg')
    with pytest.raises(ValueError, match='has no folder of photos .* beside one of masks'):
        read_own_data(tmp_path, 'masks')
