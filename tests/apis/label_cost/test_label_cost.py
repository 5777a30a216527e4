"""Weak labels of photos as files, and quality against what they cost."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.apis import label_cost, load_config, weak_masks
from mmwsl.apis.label_cost.plot import seconds_of
from mmwsl.datasets import OwnData, Shapes, read_class_map
from mmwsl.reporting.records import make_record


@pytest.fixture
def photos(tmp_path):
    """Folders of three photos to train on and one to test on, with class maps of circles, squares and triangles."""
    shapes = Shapes('train', 4, 48, num_classes=3, supervision='full')
    for index in range(4):
        part = tmp_path / 'photos' / ('test' if index == 3 else 'train')
        for folder in ('images', 'masks'):
            (part / folder).mkdir(parents=True, exist_ok=True)
        item = shapes[index]
        Image.fromarray(item['inputs'].permute(1, 2, 0).numpy()).save(part / 'images' / f'{index}.png')
        class_map = item['data_samples'].gt_mask.numpy().copy()
        class_map[:, 0] = 255
        Image.fromarray(class_map).save(part / 'masks' / f'{index}.png')
    (tmp_path / 'photos' / 'classes.txt').write_text('background\ncircle\nsquare\ntriangle\n')
    return tmp_path / 'photos'


def masks_of(folder, part):
    return {path.stem: read_class_map(path) for path in sorted((folder / part / 'masks').iterdir())}


@pytest.mark.parametrize('labels', ['points', 'scribbles', 'rectangles', 'full'])
def test_drawn_labels_are_read_as_own_data(photos, tmp_path, labels):
    done = weak_masks(photos, tmp_path / 'out', labels)
    truth, weak = masks_of(photos, 'train'), masks_of(tmp_path / 'out', 'train')
    assert list(weak) == ['0', '1', '2'] and done['photos'] == 3 and done['drawn']
    for name, class_map in weak.items():
        assert (class_map[truth[name] == 255] == 255).all()
        told = class_map != 255
        assert labels == 'rectangles' or (class_map[told] == truth[name][told]).all()
        assert (labels == 'full') == (told.sum() == (truth[name] != 255).sum()) or labels == 'rectangles'
    assert (masks_of(tmp_path / 'out', 'test')['3'] == masks_of(photos, 'test')['3']).all()
    dataset = OwnData(tmp_path / 'out', 'train', supervision='full')
    assert dataset.classes == ['background', 'circle', 'square', 'triangle']
    assert torch.equal(dataset[0]['data_samples'].gt_mask, torch.from_numpy(weak['0']))
    assert json.loads((tmp_path / 'out' / 'weak_masks.json').read_text()) == done


def test_own_points(photos, tmp_path):
    (tmp_path / 'points.csv').write_text('file,class,x,y\n0.png,circle,10,20\n0.png,background,40,3\n2.png,square,5,6\n')
    done = weak_masks(photos, tmp_path / 'out', 'points', points=tmp_path / 'points.csv')
    weak = masks_of(tmp_path / 'out', 'train')
    assert list(weak) == ['0', '2'] and not done['drawn']
    assert weak['0'][20, 10] == 1 and weak['0'][3, 40] == 0 and (weak['0'] != 255).sum() == 2
    assert weak['2'][6, 5] == 2 and (weak['2'] != 255).sum() == 1
    assert done['seconds'] == pytest.approx(2 + 2 * 2.4 + 2 + 2.4)  # two classes are in neither photo


@pytest.mark.parametrize('row, message', [
    ('circle,48,3', r'0.png: point 0 at 48, 3 is outside of the image, 48 x 48 pixels'),
    ('circle,0,3', r'0.png: point 0 at 0, 3 is on a void pixel, which has no class'),
    ('circle,9,3\n0.png,square,9,3', r'0.png: point 1 at 9, 3 has the class 1, and another point at the same pixel class 0'),
    ('star,9,3', "points.csv, line 2: class 'star' is not among circle, square, triangle, background"),
])
def test_points_that_cannot_be(photos, tmp_path, row, message):
    (tmp_path / 'points.csv').write_text(f'file,class,x,y\n0.png,{row}\n')
    with pytest.raises(ValueError, match=message):
        weak_masks(photos, tmp_path / 'out', 'points', points=tmp_path / 'points.csv')


def test_own_scribbles(photos, tmp_path):
    rows = ['circle,0,10,10', 'circle,0,14,10', 'background,1,30,40', 'background,1,30,43']
    (tmp_path / 'strokes.csv').write_text('\n'.join(['file,class,stroke,x,y', *(f'1.png,{row}' for row in rows)]))
    done = weak_masks(photos, tmp_path / 'out', 'scribbles', scribbles=tmp_path / 'strokes.csv')
    weak = masks_of(tmp_path / 'out', 'train')['1']
    assert (weak[10, 10:15] == 1).all() and (weak[40:44, 30] == 0).all() and (weak != 255).sum() == 9
    assert done['seconds'] == pytest.approx(2 + 2 * 10.9)
    (tmp_path / 'strokes.csv').write_text('file,class,stroke,x,y\n1.png,circle,0,40,10\n1.png,circle,0,60,10\n')
    with pytest.raises(ValueError, match='1.png: point 8 at 48, 10 is outside of the image, 48 x 48 pixels'):
        weak_masks(photos, tmp_path / 'other', 'scribbles', scribbles=tmp_path / 'strokes.csv')


def test_what_is_refused(photos, tmp_path):
    with pytest.raises(ValueError, match="labels='dots' are unknown; choose one of points"):
        weak_masks(photos, tmp_path / 'out', 'dots')
    with pytest.raises(ValueError, match='--points are given and --labels boxes; leave one of them out'):
        weak_masks(photos, tmp_path / 'out', 'boxes', points='p.csv')
    with pytest.raises(ValueError, match='photos is not empty'):
        weak_masks(photos, photos, 'boxes')


def records(suite, values):
    return [make_record(suite=suite, method=method, config='x.py', seed=seed, dataset='Shapes', split='test',
                        protocol='segmentation', metric='mIoU', value=value, seconds=1.0)
            for (method, seed), value in values.items()]


@pytest.fixture
def suite(tmp_path):
    """A suite of two methods on eight images, with their records."""
    base = 'mmwsl::weaksup/segmentation/'
    (tmp_path / 'suite.py').write_text(f'''
suite, protocols = 'tiny', ['segmentation']
runs = [
    dict(method='masks', config='{base}all_masks/all_masks_r18w16_1xb32-cos-12e_shapes.py',
         options={{'train_dataloader.dataset.dataset.num_images': 8}}),
    dict(method='tags', config='{base}one_stage/one_stage_r18w16_1xb32-cos-8e_shapes.py',
         options={{'train_dataloader.dataset.num_images': 8}})]
''')
    found = records('tiny', {('masks', 0): 60.0, ('masks', 1): 64.0, ('tags', 0): 30.0})
    (tmp_path / 'records.jsonl').write_text(''.join(json.dumps(each) + '\n' for each in found))
    return tmp_path / 'suite.py'


def test_values_against_seconds(suite, tmp_path):
    result = label_cost(suite, tmp_path / 'records.jsonl', tmp_path / 'plot')
    tags, masks = result['methods']  # the cheaper one first
    assert tags['method'] == 'tags' and tags['seconds'] == 8 * 5 and tags['mean'] == 30
    assert masks['values'] == {'0': 60.0, '1': 64.0} and masks['mean'] == 62 and masks['images'] == 8
    cfg = load_config('mmwsl::weaksup/segmentation/all_masks/all_masks_r18w16_1xb32-cos-12e_shapes.py')
    shapes = Shapes(**{**{k: v for k, v in cfg.train_dataloader.dataset.dataset.items() if k != 'type'}, 'num_images': 8})
    labels = [shapes[index]['data_samples'].gt_box_labels.tolist() for index in range(8)]
    assert masks['seconds'] == pytest.approx(sum(5 - len(set(each)) + 78 * len(each) for each in labels))
    assert json.loads((tmp_path / 'plot' / 'label_cost.json').read_text()) == result
    table = (tmp_path / 'plot' / 'label_cost.md').read_text()
    assert '| masks | 8 |' in table and '62.00 ± 2.83' in table
    svg = (tmp_path / 'plot' / 'label_cost.svg').read_text()
    assert 'hours of annotation' in svg and 'tags' in svg and 'masks' in svg


def test_a_method_without_records_is_named(suite, tmp_path):
    lines = (tmp_path / 'records.jsonl').read_text().splitlines()
    (tmp_path / 'records.jsonl').write_text('\n'.join(lines[:2]) + '\n')
    with pytest.raises(ValueError, match='no mIoU of tags, a method of .*--only tags'):
        label_cost(suite, tmp_path / 'records.jsonl', tmp_path / 'plot')
    with pytest.raises(ValueError, match='has no top1 of the suite tiny'):
        label_cost(suite, tmp_path / 'records.jsonl', tmp_path / 'plot', metric='top1')


def test_cost_that_is_not_known():
    assert seconds_of(Shapes('train', 4, 32, supervision='none')) == 0
    with pytest.raises(ValueError, match="labels of Shapes with supervision='full' cost is not known; wrap it in WeakMasks"):
        seconds_of(Shapes('train', 4, 32, supervision='full'))
    assert np.isclose(seconds_of(Shapes('train', 4, 32, supervision='image')), 20)
