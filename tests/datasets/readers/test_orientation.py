"""EXIF orientation, annotations and the pixels they count in, for every reader that has annotations."""

import json

import numpy as np
import pytest
from PIL import Image

from mmwsl.datasets import COCO, VOC, ClassMaps, ImageFolder, WSOLBenchmark, image_size, read_image
from mmwsl.datasets.checks import AnnotationError, frame
from mmwsl.datasets.transforms.decode import EXIF_ORIENTATION, image_header

LEFT, TOP, RIGHT, BOTTOM = BOX = 48, 8, 72, 32  # of the bright object, in stored pixels of 80 x 56
WIDTH, HEIGHT = 80, 56
# what brings stored pixels upright, by orientation
TURNS = {1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
         5: lambda p: p.swapaxes(0, 1), 6: lambda p: p.swapaxes(0, 1)[:, ::-1],
         7: lambda p: p.swapaxes(0, 1)[::-1, ::-1], 8: lambda p: p.swapaxes(0, 1)[::-1]}


def stored_object():
    picture = np.zeros((HEIGHT, WIDTH), bool)
    picture[TOP:BOTTOM, LEFT:RIGHT] = True
    return picture


def save_photo(path, orientation, stored=None):
    stored = stored_object() if stored is None else stored
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    pixels = np.where(stored, 220, 40).astype(np.uint8)[..., None].repeat(3, axis=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, exif=exif, quality=95)


def outline(truth):
    """left, top, right, bottom of the true pixels."""
    rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def save_map(path, truth):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(truth.astype(np.uint8)).save(path)


def voc(root, truth, has_size=True, **settings):
    left, top, right, bottom = outline(truth)
    size = f'<size><width>{truth.shape[1]}</width><height>{truth.shape[0]}</height></size>' if has_size else ''
    for folder in ('Annotations', 'ImageSets/Segmentation'):
        (root / 'VOC' / folder).mkdir(parents=True, exist_ok=True)
    (root / 'VOC' / 'Annotations' / 'a.xml').write_text(
        f'<annotation>{size}<object><name>dog</name><bndbox><xmin>{left + 1}</xmin><ymin>{top + 1}</ymin>'
        f'<xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object></annotation>')
    (root / 'VOC' / 'ImageSets' / 'Segmentation' / 'train.txt').write_text('a\n')
    save_map(root / 'VOC' / 'SegmentationClass' / 'a.png', truth)
    return VOC(root, 'VOC/train', task='Segmentation' if has_size else 'Main', classes=['dog'], **settings)


def voc_without_size(root, truth, **settings):
    (root / 'VOC' / 'ImageSets' / 'Main').mkdir(parents=True, exist_ok=True)
    (root / 'VOC' / 'ImageSets' / 'Main' / 'train.txt').write_text('a\n')
    return voc(root, truth, False, **settings)


def coco(root, truth, has_size=True, **settings):
    left, top, right, bottom = outline(truth)
    size = dict(width=truth.shape[1], height=truth.shape[0]) if has_size else {}
    (root / 'boxes.json').write_text(json.dumps(dict(
        images=[dict(id=1, file_name='a.jpg', **size)], categories=[dict(id=1, name='dog')],
        annotations=[dict(image_id=1, category_id=1, bbox=[left, top, right - left, bottom - top],
                          segmentation=[[left, top, right, top, right, bottom, left, bottom]])])))
    return COCO(root / 'boxes.json', root / 'VOC' / 'JPEGImages', **settings)


def coco_without_size(root, truth, **settings):
    return coco(root, truth, False, **settings)


def class_maps(root, truth, **settings):
    save_map(root / 'maps' / 'a.png', truth)
    return ClassMaps(root / 'VOC' / 'JPEGImages', root / 'maps', classes=['ground', 'dog'], **settings)


def wsol(root, truth, localization, sizes='', **settings):
    files = dict(image_ids='a.jpg\n', class_labels='a.jpg,0\n', localization=localization, image_sizes=sizes)
    (root / 'split').mkdir()
    for name, text in files.items():
        (root / 'split' / f'{name}.txt').write_text(text)
    return WSOLBenchmark(root / 'VOC' / 'JPEGImages', root / 'split', mask_root=root, **settings)


def wsol_boxes(root, truth, **settings):
    left, top, right, bottom = outline(truth)
    return wsol(root, truth, f'a.jpg,{left},{top},{right - 1},{bottom - 1}\n',
                f'a.jpg,{truth.shape[1]},{truth.shape[0]}\n', **settings)


def wsol_masks(root, truth, **settings):
    save_map(root / 'mask.png', truth.repeat(2, 0).repeat(2, 1))  # of another resolution, as OpenImages'
    return wsol(root, truth, 'a.jpg,mask.png,\n', **settings)


READERS = {'voc': voc, 'coco': coco, 'class maps': class_maps, 'wsol boxes': wsol_boxes, 'wsol masks': wsol_masks}


def object_and_ground(item):
    """Mean gray value inside all that is annotated, and outside."""
    image, sample = item['inputs'].float().mean(0).numpy(), item['data_samples']
    inside = np.zeros(image.shape, bool)
    if 'gt_boxes' in sample:
        left, top, right, bottom = sample.gt_boxes[0].int().tolist()
        inside[top:bottom, left:right] = True
    truths = [inside] if inside.any() else []
    truths += [sample.gt_mask.numpy() == 1] if 'gt_mask' in sample else []
    truths += [sample.gt_instance_masks[0].numpy()] if 'gt_instance_masks' in sample else []
    assert truths
    return [(image[truth].mean(), image[~truth].mean()) for truth in truths]


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('reader', READERS)
def test_annotations_of_stored_pixels_are_read_with_these(tmp_path, reader, orientation):
    save_photo(tmp_path / 'VOC' / 'JPEGImages' / 'a.jpg', orientation)
    item = READERS[reader](tmp_path, stored_object(), supervision='full')[0]
    assert item['inputs'].shape == (3, HEIGHT, WIDTH)
    for inside, outside in object_and_ground(item):
        assert inside == pytest.approx(220, abs=4) and outside == pytest.approx(40, abs=4)


@pytest.mark.parametrize('orientation', range(5, 9))
@pytest.mark.parametrize('reader', READERS)
def test_annotations_of_the_turned_size_are_read_upright(tmp_path, reader, orientation):
    save_photo(tmp_path / 'VOC' / 'JPEGImages' / 'a.jpg', orientation)
    upright = np.ascontiguousarray(TURNS[orientation](stored_object()))
    item = READERS[reader](tmp_path, upright, supervision='full')[0]
    assert item['inputs'].shape == (3, WIDTH, HEIGHT)
    for inside, outside in object_and_ground(item):
        assert inside == pytest.approx(220, abs=4) and outside == pytest.approx(40, abs=4)


@pytest.mark.parametrize('reader', [voc_without_size, coco_without_size])
def test_without_a_recorded_size_stored_pixels_count(tmp_path, reader):
    save_photo(tmp_path / 'VOC' / 'JPEGImages' / 'a.jpg', 6)
    (inside, _), *_ = object_and_ground(reader(tmp_path, stored_object(), supervision='boxes')[0])
    assert inside == pytest.approx(220, abs=4)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_photos_without_annotations_are_turned_upright(tmp_path, orientation):
    save_photo(tmp_path / 'dog' / 'a.jpg', orientation)
    image = ImageFolder(tmp_path)[0]['inputs'].float().mean(0).numpy()
    assert np.abs(image - np.where(TURNS[orientation](stored_object()), 220, 40)).mean() < 3


@pytest.mark.parametrize('ending', ['jpg', 'png', 'webp', 'tiff'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_every_format_is_read_both_ways(tmp_path, ending, orientation):
    path = tmp_path / f'a.{ending}'
    save_photo(path, orientation)
    stored = np.where(stored_object(), 220, 40)
    upright = TURNS[orientation](stored)
    assert np.abs(read_image(path, upright=False)[..., 0] - stored).mean() < 3
    assert np.abs(read_image(path)[..., 0] - upright).mean() < 3
    assert image_header(path) == ((WIDTH, HEIGHT), orientation) and image_size(path) == upright.shape[::-1]


@pytest.mark.parametrize('orientation', [0, 9, 90])
def test_other_orientations_count_as_1(tmp_path, orientation):
    save_photo(tmp_path / 'dog' / 'a.jpg', orientation)
    assert image_header(tmp_path / 'dog' / 'a.jpg') == ((WIDTH, HEIGHT), 1)
    assert image_size(tmp_path / 'dog' / 'a.jpg') == (WIDTH, HEIGHT)
    assert ImageFolder(tmp_path)[0]['inputs'].shape == (3, HEIGHT, WIDTH)


@pytest.mark.parametrize('pipeline, shape', [
    ([dict(type='ResizeToSquare', size=8, decode_reduced=True)], (8, 8)),
    ([dict(type='ResizeShortEdge', short=28, longest=99)], (28, 40))])
def test_pipelines_decode_the_same_pixels(tmp_path, pipeline, shape):
    save_photo(tmp_path / 'VOC' / 'JPEGImages' / 'a.jpg', 6)
    item = class_maps(tmp_path, stored_object(), supervision='full', pipeline=pipeline)[0]
    assert item['inputs'].shape[1:] == shape
    (inside, outside), = object_and_ground(item)
    assert inside > 150 and outside < 70


@pytest.mark.parametrize('reader', sorted(set(READERS) - {'wsol masks'}))
def test_another_size_is_refused_with_both_files(tmp_path, reader):
    save_photo(tmp_path / 'VOC' / 'JPEGImages' / 'a.jpg', 6)
    data = READERS[reader](tmp_path, stored_object()[::2, ::2], supervision='full')
    file = {'voc': 'a.xml', 'coco': 'boxes.json', 'class maps': 'a.png', 'wsol boxes': 'image_sizes.txt'}[reader]
    with pytest.raises(AnnotationError, match=rf'a.jpg has 80 x 56 pixels \(56 x 80 turned .*\), but .*{file} says 40 x 28'):
        data[0]


def test_map_and_annotation_must_agree_with_each_other(tmp_path):
    """The annotation's size is the stored one, the map's the turned one."""
    save_photo(tmp_path / 'a.jpg', 6)
    assert frame(tmp_path / 'a.jpg', [('a.xml', (80, 56)), ('a.png', (80, 56))]) == (False, (80, 56))
    assert frame(tmp_path / 'a.jpg', [('a.xml', (56, 80)), ('a.png', (56, 80))]) == (True, (56, 80))
    with pytest.raises(AnnotationError, match='a.png says 56 x 80'):
        frame(tmp_path / 'a.jpg', [('a.xml', (80, 56)), ('a.png', (56, 80))])


def test_photos_of_other_sizes_are_skipped_with_a_count(tmp_path):
    for name, truth in (('a', stored_object()), ('b', stored_object()[::2, ::2])):
        save_photo(tmp_path / 'photos' / f'{name}.jpg', 1)
        save_map(tmp_path / 'maps' / f'{name}.png', truth)
    data = ClassMaps(tmp_path / 'photos', tmp_path / 'maps', supervision='full', on_error='skip', verify=True)
    assert [path.endswith('a.jpg') for path in data.paths] == [True]
