"""Commands that look at own photos one by one, by the same description: explore, predict, overlays, check."""

import json

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from photo_sets import class_folders, tagged_boxes, write_photo
from PIL import Image

from mmwsl.apis import explore, load_config, overlays, predict
from mmwsl.apis.explore.pretrain import training_config
from mmwsl.apis.own_data.photos import has_label_files, own_photos
from mmwsl.cli.program import main

CAM = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
NARROW = '''
_base_ = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
model = dict(backbone=dict(base_channels=4))
'''
ENCODER = '''
data_preprocessor = dict(type='ViewPreprocessor', mean=[124., 116., 104.], std=[58., 57., 57.])
model = dict(type='SimCLR', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
             neck=dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=16))
benchmark = dict(test=dict(type='ImageFolder', data_root='x',
                           pipeline=[dict(type='ResizeCenterCrop', resize=16, crop=16)]))
'''


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    init_default_scope('mmwsl')
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp('looking')
    class_folders(root / 'folders', count=4)
    tagged_boxes(root / 'boxes', 12)
    (root / 'table').mkdir()
    rows = [f'{write_photo(root / "table" / f"p{number}.png", number).name},{"red" if number % 2 else "blue"}'
            for number in range(12)]
    (root / 'table' / 'labels.csv').write_text('\n'.join(['photo,label', *rows]))
    (root / 'narrow.py').write_text(NARROW)
    (root / 'encoder.py').write_text(ENCODER)
    return root


def test_forms_with_labels_in_files(place):
    assert [has_label_files(place / name) for name in ('boxes', 'table', 'folders', 'boxes/images', 'none')] == [
        True, True, False, False, False]
    own = own_photos(place / 'boxes')
    assert own.names[:2] == ['00.png', '01.png'] and not own.one_class
    assert [own.tags[name] for name in own.names[:4]] == [('dog',), ('cat', 'dog'), ('cat', 'dog'), ('cat',)]


@pytest.mark.parametrize('how', ['data', 'photos'])
def test_explore_tags_of_boxes(how, place, tmp_path):
    """The classes of the boxes are tags of the photos, whether the data are named or found in the folder."""
    given = dict(photos=None, data=place / 'boxes') if how == 'data' else dict(photos=place / 'boxes')
    lines = []
    found = explore(out=tmp_path / 'out', checkpoint='random', config=str(place / 'encoder.py'), say=lines.append,
                    **given)
    assert found['files'] == [f'{number:02d}.png' for number in range(12)]
    assert found['labels'][:4] == ['dog', 'cat; dog', 'cat; dog', 'cat']
    assert any('12 photos' in line and '2 tags (COCO JSON)' in line for line in lines)
    assert {row['protocol'] for row in found['accuracy']} == {'linear mAP'}


def test_explore_classes_of_a_table(place, tmp_path):
    found = explore(None, tmp_path / 'out', checkpoint='random', config=str(place / 'encoder.py'),
                    say=lambda line: None, data=place / 'table')
    assert found['labels'] == ['red' if int(name[1:-4]) % 2 else 'blue' for name in found['files']]
    assert len(found['files']) == 12 and {row['protocol'] for row in found['accuracy']} != {'linear mAP'}


def test_explore_wants_one_of_the_two(place, tmp_path):
    for given in (dict(photos=None), dict(photos=place / 'folders', data=place / 'boxes'),
                  dict(photos=None, data=place / 'table', labels=place / 'table' / 'labels.csv')):
        with pytest.raises(ValueError, match='give one of the two'):
            explore(out=tmp_path / 'out', **given)


def test_explore_pre_trains_on_these_photos_alone(place):
    cfg = training_config(place, 'simclr', 5, None, own_photos(place / 'table').dataset)
    assert cfg.train_dataloader.dataset.type == 'OwnData'
    assert cfg.train_dataloader.dataset.data == str(place / 'table')
    assert cfg.train_dataloader.dataset.supervision == 'none'


def test_predict_the_photos_of_the_data(place, tmp_path):
    found = predict(str(place / 'narrow.py'), 'random', [], tmp_path / 'out', pictures=False, data=place / 'boxes')
    assert [each['file'] for each in found['predictions']] == [f'{number:02d}.png' for number in range(12)]
    assert main(['predict', str(place / 'narrow.py'), 'random', '--data', str(place / 'table'), '--no-pictures', '--out',
                 str(tmp_path / 'other')]) == 0
    written = json.loads((tmp_path / 'other' / 'predictions.json').read_text())
    assert len(written['predictions']) == 12
    assert main(['predict', str(place / 'narrow.py'), 'random', '--out', str(tmp_path / 'no')]) != 0


def test_overlays_of_own_photos(place, tmp_path):
    """A row a tag, with the boxes of the data; every column on the same photos."""
    config = str(place / 'narrow.py')
    picture = overlays([('one', config, 'random'), ('two', config, 'random')], tmp_path / 'out.png', count=2,
                       data=place / 'boxes')
    shown = np.asarray(Image.open(picture).convert('RGB')).reshape(-1, 3)
    assert len(np.unique(shown, axis=0)) > 100
    assert main(['overlays', '--of', 'one', config, 'random', '--out', str(tmp_path / 'other.png'), '--count', '1',
                 '--data', str(place / 'folders')]) == 0
    assert (tmp_path / 'other.png').stat().st_size > 1000


def test_check_own_photos(place, capsys):
    assert main(['check', CAM, '--data', str(place / 'boxes')]) == 0
    shown = capsys.readouterr().out
    assert 'train_dataloader.dataset: OwnData, ' in shown and 'no faults' in shown
    broken = place / 'broken'
    class_folders(broken, count=3)
    (broken / 'cat' / 'cat0.png').write_bytes(b'no image')
    assert main(['check', CAM, '--data', str(broken)]) == 1
    assert 'cat0.png' in capsys.readouterr().out


def test_data_in_a_config_file(place, tmp_path):
    """``data = PATH`` in a config is the same as --data; its dump has the data sets, and says no ``data`` any more."""
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = '{CAM}'\ndata = {str(place / 'boxes')!r}\nepochs = 2\n")
    cfg, by_option = load_config(path), load_config(CAM, dict(data=place / 'boxes', epochs=2))
    assert 'data' not in cfg and cfg.train_cfg.max_epochs == 2
    assert cfg.to_dict() == by_option.to_dict()
    cfg.dump(tmp_path / 'dumped.py')
    again = load_config(tmp_path / 'dumped.py')
    assert again.to_dict() == cfg.to_dict()
