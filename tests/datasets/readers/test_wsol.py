"""The WSOL benchmark's layout: boxes and masks by hand, at the size they are scored at, and every way it can be broken."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.datasets import WSOLBenchmark, collate_batch, read_image
from mmwsl.datasets.checks import AnnotationError
from mmwsl.datasets.readers.wsol import read_mask

RESIZE = [dict(type='ResizeToSquare', size=224)]
IDS = 'a/one.jpg\nb/two.png\n'
BOXES = 'a/one.jpg,0,10,29,19\nb/two.png,5,5,39,24\na/one.jpg,4,4,6,6\n'
MASKS = 'a/one.jpg,m1.png,i1.png\na/one.jpg,m2.png,\nb/two.png,m3.png,\n'


@pytest.fixture
def root(tmp_path):
    """A photo of 30 x 20 and one of 40 x 25 pixels with boxes; `masks` is a split of the same photos with masks."""
    for folder in ('a', 'b', 'boxes', 'masks'):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(tmp_path / 'a' / 'one.jpg'), np.full((20, 30, 3), 90, np.uint8))
    cv2.imwrite(str(tmp_path / 'b' / 'two.png'), np.full((25, 40, 3), 160, np.uint8))
    for split in ('boxes', 'masks'):
        (tmp_path / split / 'image_ids.txt').write_text(IDS)
        (tmp_path / split / 'class_labels.txt').write_text('b/two.png,0\na/one.jpg,2\nnot/used.jpg,1\n')
    (tmp_path / 'boxes' / 'image_sizes.txt').write_text('a/one.jpg,30,20\nb/two.png,40,25\n')
    (tmp_path / 'boxes' / 'localization.txt').write_text(BOXES)
    (tmp_path / 'masks' / 'localization.txt').write_text(MASKS)
    pieces = {'m1': np.zeros((20, 30), np.uint8), 'm2': np.zeros((20, 30, 4), np.uint8), 'i1': np.zeros((20, 30, 3), np.uint8),
              'm3': np.zeros((50, 80), np.uint8)}
    pieces['m1'][:, :10], pieces['m2'][:5, :, :3], pieces['i1'][:, :20], pieces['m3'][:, 40:] = 255, 255, 255, 1
    for name, mask in pieces.items():
        cv2.imwrite(str(tmp_path / f'{name}.png'), mask)
    return tmp_path


def read(root, split='boxes', supervision='boxes', **settings):
    return WSOLBenchmark(root, root / split, supervision=supervision, **settings)


def test_tags(root):
    data = read(root, supervision='image')
    assert data.labels.tolist() == [2, 0] and data.classes == ['0', '1', '2'] and len(data) == 2
    item = data[1]
    assert item['inputs'].shape == (3, 25, 40) and set(item['data_samples'].keys()) == {'index', 'gt_label'}
    assert read(root, supervision='none').labels is None
    assert read(root, supervision='image', classes=['x', 'y', 'z']).classes == ['x', 'y', 'z']


def test_tags_need_no_localization(root):
    """The training split of OpenImages30k has empty files of boxes and sizes."""
    for name in ('localization.txt', 'image_sizes.txt'):
        (root / 'boxes' / name).write_text('')
    assert len(read(root, supervision='image')) == 2
    with pytest.raises(ValueError, match="localization.txt is empty: this split has tags alone; set supervision='image'"):
        read(root)


def test_boxes_by_hand(root):
    sample = read(root)[0]['data_samples']
    assert sample.gt_boxes.tolist() == [[0, 10, 29, 19], [4, 4, 6, 6]] and sample.gt_box_labels.tolist() == [2, 2]
    assert 'gt_mask' not in sample
    item = read(root, pipeline=RESIZE)[0]
    assert item['inputs'].shape == (3, 224, 224)
    expected = np.array([[0, 10 * 11.2, 29 * 224 / 30, 19 * 11.2], [4 * 224 / 30, 4 * 11.2, 6 * 224 / 30, 6 * 11.2]])
    assert np.allclose(item['data_samples'].gt_boxes, expected, atol=1e-4)
    batch = collate_batch(read(root, pipeline=RESIZE).__getitems__([0, 1]))
    assert batch['inputs'].shape == (2, 3, 224, 224) and [len(each) for each in batch['data_samples'].gt_boxes] == [2, 1]


def test_scaled_boxes_are_rounded_down_to_the_benchmarks(root):
    """125 of 500 pixels are 56 of 224 and not the 55.99999 that a factor of single precision gives."""
    sides = [(500, 3), (500, 375), (333, 500), (487, 500)]
    for number, (width, height) in enumerate(sides):
        cv2.imwrite(str(root / 'a' / f'{number}.png'), np.zeros((height, width, 3), np.uint8))
    names = [f'a/{number}.png' for number in range(len(sides))]
    (root / 'boxes' / 'image_ids.txt').write_text('\n'.join(names))
    (root / 'boxes' / 'class_labels.txt').write_text('\n'.join(f'{name},0' for name in names))
    (root / 'boxes' / 'image_sizes.txt').write_text('\n'.join(
        f'{name},{width},{height}' for name, (width, height) in zip(names, sides, strict=True)))
    lines, corners = [], {}
    for name, (width, height) in zip(names, sides, strict=True):
        corners[name] = [(x, x * height // width) for x in range(width)]
        lines += [f'{name},{x},{y},{x},{y}' for x, y in corners[name]]
    (root / 'boxes' / 'localization.txt').write_text('\n'.join(lines))
    data = read(root, pipeline=RESIZE)
    for index, (name, (width, height)) in enumerate(zip(names, sides, strict=True)):
        expected = [(x * 224 // width, y * 224 // height) for x, y in corners[name]]
        assert data[index]['data_samples'].gt_boxes.numpy().astype(int)[:, :2].tolist() == [list(each) for each in expected]


def test_masks_by_hand(root):
    """Pieces are put together; where they overlap the ignored region, they win; another resolution is no obstacle."""
    data = read(root, 'masks', 'full')
    mask = data[0]['data_samples'].gt_mask
    expected = torch.zeros(20, 30, dtype=torch.uint8)
    expected[:, :20] = 255
    expected[:, :10] = expected[:5] = 3
    assert torch.equal(mask, expected)
    second = data[1]['data_samples']
    assert second.gt_mask.shape == (25, 40) and (second.gt_mask[:, 20:] == 1).all() and (second.gt_mask[:, :20] == 0).all()
    assert 'gt_boxes' not in second
    resized = read(root, 'masks', 'full', pipeline=RESIZE)[0]['data_samples'].gt_mask
    assert resized.shape == (224, 224) and resized[0, 223] == 3 and resized[60:, 80:145].unique().tolist() == [255]
    assert resized[60:, 160:].unique().tolist() == [0]


def test_boxes_count_in_the_pixels_as_stored(root):
    """A photo that EXIF says to turn is not turned: its boxes were drawn on what is stored."""
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:, :10] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(root / 'a' / 'one.jpg', exif=exif, quality=95)
    assert read_image(root / 'a' / 'one.jpg').shape[:2] == (30, 20)
    item = read(root)[0]
    assert item['inputs'].shape == (3, 20, 30)
    assert item['inputs'][:, :, :8].min() > 200 and item['inputs'][:, :, 12:].max() < 50


def test_training_pipeline(root):
    """256 x 256, mirrored or not, and a crop of 224 at a place that changes from epoch to epoch."""
    pipeline = [dict(type='ResizeToSquare', size=256), dict(type='RandomFlip', prob=0.5),
                dict(type='ResizeRandomCrop', resize=256, crop=224)]
    ramp = np.broadcast_to(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], (256, 256, 3))
    cv2.imwrite(str(root / 'b' / 'two.png'), ramp)
    data, lefts = read(root, supervision='image', pipeline=pipeline), set()
    for epoch in range(12):
        data.set_epoch(epoch)
        row = data[1]['inputs'][0, 0].int()
        assert row.shape == (224,)
        steps = row.diff().unique()
        assert steps.tolist() in ([1], [-1])
        lefts.add((int(steps[0]), int(row.min())))
    assert {step for step, _ in lefts} == {1, -1} and len({left for _, left in lefts}) > 4
    with pytest.raises(ValueError, match='ResizeRandomCrop would not move them'):
        read(root, pipeline=pipeline)


@pytest.mark.parametrize('name, content, message', [
    ('image_ids.txt', '', 'image_ids.txt is empty'),
    ('image_ids.txt', IDS + 'a/one.jpg\n', 'names 1 images more than once, the first is a/one.jpg'),
    ('image_ids.txt', 'a/one.jpg,3\n', 'line 1: .* is not `path/to/image.jpg`'),
    ('image_ids.txt', IDS + 'c.jpg\n', 'class_labels.txt has no line for 1 of 3 images, the first is c.jpg'),
    ('class_labels.txt', 'a/one.jpg,2\n\nb/two.png\n', 'class_labels.txt line 3: .* is not `id,label`'),
    ('class_labels.txt', 'a/one.jpg,dog\nb/two.png,0\n', 'line 1: .*whole numbers from 0'),
    ('class_labels.txt', 'a/one.jpg,-1\nb/two.png,0\n', 'line 1: .*whole numbers from 0'),
    ('class_labels.txt', 'a/one.jpg,2\nb/two.png,0\na/one.jpg,1\n', r'line 3: a/one.jpg was \(2,\) in an earlier line'),
    ('image_sizes.txt', '', 'image_sizes.txt is empty'),
    ('image_sizes.txt', 'a/one.jpg,30,20\n', 'image_sizes.txt has no line for 1 of 2 images, the first is b/two.png'),
    ('image_sizes.txt', 'a/one.jpg,30\n', 'is not `id,width,height`'),
    ('image_sizes.txt', 'a/one.jpg,30,20\nb/two.png,30,25\n', r'b/two.png: .*image_sizes.txt: 1 of 1 boxes .* 5, 5, 39, 24; .* inside the image of 30 x 25'),
    ('localization.txt', 'a/one.jpg,0,0,5,5\n', 'localization.txt has no line for 1 of 2 images'),
    ('localization.txt', 'a/one.jpg,5,5,4,9\n', r'line 1: the box \[5, 5, 4, 9\] of a/one.jpg has no extent'),
    ('localization.txt', 'a/one.jpg,0,0,5.5,5\n', 'line 1: .*whole numbers'),
    ('localization.txt', BOXES + 'b/two.png,m.png,\n', r'line 4 has 3 fields, the first line 5; a file holds boxes \(5\)'),
    ('localization.txt', 'a/one.jpg\n', 'is not `id,x1,y1,x2,y2` or `id,mask,ignore`'),
    ('localization.txt', MASKS, "has masks, which supervision='boxes' does not show; use 'full'"),
])
def test_broken_files(root, name, content, message):
    (root / 'boxes' / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        read(root)


@pytest.mark.parametrize('content, message', [
    ('a/one.jpg,,i1.png\nb/two.png,m3.png,\n', 'line 1: a/one.jpg has no mask'),
    (MASKS + 'a/one.jpg,m2.png,m1.png\n', 'line 4: a/one.jpg has two ignored regions, i1.png and m1.png'),
])
def test_broken_lines_of_masks(root, content, message):
    (root / 'masks' / 'localization.txt').write_text(content)
    with pytest.raises(ValueError, match=message):
        read(root, 'masks', 'full')


def test_missing_files(root):
    for name in ('image_ids.txt', 'class_labels.txt', 'image_sizes.txt', 'localization.txt'):
        path = root / 'boxes' / name
        content = path.read_text()
        path.unlink()
        with pytest.raises(FileNotFoundError, match=f'{name} does not exist .*correct `metadata`'):
            read(root)
        path.write_text(content)
    with pytest.raises(FileNotFoundError, match='correct `data_root`'):
        WSOLBenchmark(root / 'nowhere', root / 'boxes')
    (root / 'i1.png').unlink()
    with pytest.raises(FileNotFoundError, match='1 masks of .*i1.png; correct mask_root'):
        read(root, 'masks', 'full')
    (root / 'a' / 'one.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='one.jpg does not exist'):
        read(root)[0]


def test_files_that_are_not_what_they_should_be(root):
    (root / 'boxes' / 'class_labels.txt').write_bytes(b'\xff\xfe\x00\x01')
    with pytest.raises(ValueError, match='not a UTF-8 text file'):
        read(root, supervision='image')
    data = read(root, 'masks', 'full')
    for content in (b'', b'no image'):
        (root / 'm1.png').write_bytes(content)
        with pytest.raises(ValueError, match='m1.png cannot be decoded'):
            data[0]
    cv2.imwrite(str(root / 'm3.png'), np.zeros((80, 50), np.uint8))
    with pytest.raises(ValueError, match='has 50 x 80 pixels, which is not the shape of its image of 40 x 25'):
        data[1]
    with pytest.raises(ValueError, match='label 2, but 2 classes are given'):
        read(root, 'masks', 'image', classes=['x', 'y'])
    with pytest.raises(ValueError, match="supervision='plenty' is unknown"):
        read(root, 'masks', 'plenty')


def test_an_image_of_another_size_than_its_boxes_count_in(root):
    cv2.imwrite(str(root / 'a' / 'one.jpg'), np.zeros((40, 60, 3), np.uint8))
    with pytest.raises(ValueError, match='one.jpg has 60 x 40 pixels, but .*image_sizes.txt says 30 x 20'):
        read(root)[0]


@pytest.mark.parametrize('kind', ['grey', '16 bits', 'dark blue', 'alpha', 'palette', '1 bit', 'turned'])
def test_a_mask_is_what_is_not_black(tmp_path, kind):
    """In the pixels that are stored, whatever the depth; alpha is no color."""
    expected = np.zeros((4, 6), bool)
    expected[0, :2] = True
    path = tmp_path / 'mask.png'
    if kind == '16 bits':
        cv2.imwrite(str(path), expected.astype(np.uint16))
    elif kind in ('dark blue', 'alpha'):
        cv2.imwrite(str(path), np.dstack([expected, *np.zeros((2, 4, 6)), np.full((4, 6), 255)][:4 if kind == 'alpha' else 3])
                    .astype(np.uint8))
    else:
        image = Image.fromarray(expected if kind == '1 bit' else expected.astype(np.uint8))
        if kind == 'palette':
            image.putpalette([0, 0, 0, 0, 0, 128])
        exif = Image.Exif()
        exif[0x0112] = 3 if kind == 'turned' else 1
        image.save(path, exif=exif)
    assert np.array_equal(read_mask(path, 4, 6), expected)
    assert read_mask(path, 8, 12).sum() == 8


def test_masks_without_an_object(root):
    for name in ('m1.png', 'm2.png'):
        cv2.imwrite(str(root / name), np.zeros((20, 30), np.uint8))
    with pytest.raises(AnnotationError, match='the masks of .*one.jpg are black, the first is .*m1.png'):
        WSOLBenchmark(root, root / 'masks', supervision='full')[0]
