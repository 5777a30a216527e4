"""From tags to boxes in each form, and on to a detector that learns from these; tiny networks."""

import json
import os

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from photo_sets import tagged_boxes
from tiny_runs import train_here

from mmwsl.apis import build_dataset, evaluate, load_config, predict, pseudo_boxes
from mmwsl.apis.proposals import make_proposals
from mmwsl.cli.program import main
from mmwsl.datasets.own import read_own_data, split_positions

OICR = 'mmwsl::weaksup/detection/oicr/oicr_r18w16_1xb16-cos-4e_digitscenes.py'
FASTER = 'mmwsl::supervised/detection/faster_rcnn_efficientnetlite0_1xb4-cos-12e_voc07.py'
NARROW = {'model.backbone.base_channels': 4}


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """Photos with boxes, the same with tags alone, a file of proposals, and a detector that learnt the tags."""
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp('pseudo')
    tagged_boxes(root / 'boxes')
    rows = ['file,cat,dog']
    records = read_own_data(root / 'boxes')
    for path, tags in zip(records.paths, records.tags.int().tolist(), strict=True):
        rows.append(f'boxes/images/{os.path.basename(path)},{tags[0]},{tags[1]}')
    (root / 'tags.csv').write_text('\n'.join(rows) + '\n')
    make_proposals(records.paths, root / 'made.proposals', max_per_image=60, workers=0)
    train_here(OICR, root / 'work', data=str(root / 'boxes'), data_proposals=str(root / 'made.proposals'), epochs=1,
               model__backbone__base_channels=4)
    return root


def checkpoint(place):
    return next((place / 'work').glob('*.pth'))


def made(place, out, data='boxes', **settings):
    done = pseudo_boxes(OICR, checkpoint(place), place / data, out, proposals=place / 'made.proposals', options=NARROW,
                        device='cpu', **settings)
    return done, read_own_data(out)


def test_proposals_of_a_file_or_of_each_photo(place):
    own = load_config(OICR, dict(NARROW, data=place / 'boxes', data_proposals=place / 'made.proposals'))
    assert own.train_dataloader.dataset.type == own.test_dataloader.dataset.type == 'WithProposals'
    assert own.train_dataloader.dataset.dataset.supervision == 'image'
    assert own.test_dataloader.dataset.dataset.supervision == 'boxes'  # of the metric
    own.work_dir = str(place / 'test')
    values = evaluate(own, checkpoint(place))
    assert {'weak/corloc', 'voc/AP50'} <= set(values) and 0 <= values['weak/corloc'] <= 100
    on_the_fly = load_config(OICR, dict(NARROW, data=place / 'tags.csv'))
    assert [step.type for step in on_the_fly.train_dataloader.dataset.pipeline] == [
        'MakeProposals', 'ResizeShortEdge', 'RandomFlip']
    assert on_the_fly.test_evaluator.type == 'MultiLabelMetric'  # there are no boxes


def test_predict_needs_no_file(place, tmp_path):
    config, = (place / 'work').glob('*.py')
    found = predict(config, checkpoint(place), [str(place / 'boxes' / 'images' / '01.png')], tmp_path,
                    pictures=False, score_threshold=0.0, device='cpu')
    objects = found['predictions'][0]['objects']
    assert found['classes'] == ['cat', 'dog'] and {each['name'] for each in objects} == {'cat', 'dog'}
    assert all(0 <= each['box'][0] < each['box'][2] <= 81 and each['box'][3] <= 60 for each in objects)


@pytest.mark.parametrize('form', ['coco_json', 'voc_xml', 'yolo'])
def test_one_box_a_tag(form, place, tmp_path):
    """Photos to train on get a box of each tag and of no other class, those to test on keep their own boxes."""
    source = read_own_data(place / 'boxes')
    parts = split_positions(source)
    done, records = made(place, tmp_path / 'out', form=form)
    tags = int(source.tags[parts['train']].sum())
    assert done == dict(photos=len(parts['train']), boxes=tags, left_out=0, test=len(parts['test']))
    rows = {os.path.basename(path): row for row, path in enumerate(records.paths)}
    for number, path in enumerate(source.paths):
        row = rows[os.path.basename(path)]
        assert torch.equal(records.tags[row], source.tags[number])
        assert records.parts[row] == ('test' if number in parts['test'] else 'train')
        if number in parts['test']:
            assert np.allclose(records.annotations[row]['boxes'], source.annotations[number]['boxes'], atol=1e-3)
        else:
            assert len(records.annotations[row]['boxes']) == int(source.tags[number].sum())


def test_tags_alone(place, tmp_path):
    """Without boxes the photos of the test get pseudo-boxes too; counts take the place of one each."""
    (tmp_path / 'counts.csv').write_text('file,class,count\n01.png,cat,2\n')
    done, records = made(place, tmp_path / 'out', data='tags.csv', counts=tmp_path / 'counts.csv')
    assert done['photos'] + done['test'] == 10
    row, = (number for number, path in enumerate(records.paths) if path.endswith('01.png'))
    assert records.annotations[row]['box_labels'].tolist() == [0, 0, 1]


def test_points_and_thresholds(place, tmp_path):
    (tmp_path / 'points.csv').write_text('file,class,x,y\n01.png,cat,17,20\n')
    _, records = made(place, tmp_path / 'points', points=tmp_path / 'points.csv')
    row, = (number for number, path in enumerate(records.paths) if path.endswith('01.png'))
    box = records.annotations[row]['boxes'][records.annotations[row]['box_labels'] == 0][0]
    assert box[0] <= 17 < box[2] and box[1] <= 20 < box[3]
    (tmp_path / 'strokes.csv').write_text('file,class,stroke,x,y\n01.png,cat,1,12,16\n01.png,cat,1,22,24\n')
    _, records = made(place, tmp_path / 'strokes', scribbles=tmp_path / 'strokes.csv', score_threshold=0.0)
    row, = (number for number, path in enumerate(records.paths) if path.endswith('01.png'))
    for box in records.annotations[row]['boxes'][records.annotations[row]['box_labels'] == 0]:
        assert box[0] <= 13 and box[2] > 21 and box[1] <= 17 and box[3] > 23
    done, _ = made(place, tmp_path / 'all', score_threshold=0.0)
    content = json.loads((tmp_path / 'all' / 'instances_train.json').read_text())
    assert done['boxes'] == len(content['annotations']) > 20
    assert min(each['score'] for each in content['annotations']) >= 0
    with pytest.raises(ValueError, match='finds no box of a tag in 8 photos to train on; lower score_threshold'):
        made(place, tmp_path / 'none', score_threshold=2.0)
    assert not (tmp_path / 'none').exists()


@pytest.mark.long
def test_second_stage(place, tmp_path):
    """A supervised detector trains on what the command wrote and is scored on the true boxes."""
    out = tmp_path / 'out'
    assert main(['pseudo-boxes', OICR, str(checkpoint(place)), '--data', str(place / 'boxes'), '--out', str(out),
                 '--proposals', str(place / 'made.proposals'), '--form', 'voc_xml', '--device', 'cpu',
                 '--cfg-options', 'model.backbone.base_channels=4']) == 0
    small = {'model.backbone.init_cfg': None, 'model.neck.out_channels': 8, 'model.rpn_head.in_channels': 8,
             'model.box_head.in_channels': 8, 'model.box_head.fc_channels': (8,), 'work_dir': str(tmp_path / 'test')}
    runner = train_here(FASTER, tmp_path / 'second', data=str(out), epochs=1,
                        **{key.replace('.', '__'): value for key, value in small.items() if key != 'work_dir'})
    assert runner.iter == 2 and runner.model.box_head.num_classes == 2
    cfg = load_config(FASTER, dict(small, data=str(out)))
    assert 0 <= evaluate(cfg, next((tmp_path / 'second').glob('*.pth')))['voc/AP50'] <= 100


def test_what_cannot_be_done(place, tmp_path):
    with pytest.raises(ValueError, match='takes no proposals; leave out --proposals'):
        load_config(FASTER, dict(data=place / 'boxes', data_proposals=place / 'made.proposals'))
    with pytest.raises(ValueError, match='give data=PATH .--data. with it'):
        load_config(OICR, dict(data_proposals=place / 'made.proposals'))
    with pytest.raises(ValueError, match=r'learns from classes or tags, and .* has no labels'):
        load_config(OICR, dict(data=place / 'boxes' / 'images'))
    with pytest.raises(ValueError, match='top=0 must be 1 or more'):
        made(place, tmp_path / 'out', top=0)
    make_proposals([place / 'boxes' / 'images' / '00.png'], tmp_path / 'other.proposals', workers=0)
    other = load_config(OICR, dict(NARROW, data=place / 'boxes', data_proposals=tmp_path / 'other.proposals'))
    with pytest.raises(ValueError, match='other.proposals lacks [78] of 8 images: '):
        build_dataset(other.train_dataloader.dataset)
    with pytest.raises(ValueError, match='finds no boxes; take the recipe of a detector'):
        pseudo_boxes('mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py', 'random',
                     place / 'boxes', tmp_path / 'cam', options=NARROW, device='cpu')
