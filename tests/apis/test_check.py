"""The report on the data sets of a config."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmwsl.apis import check_data
from mmwsl.cli import main


def save(root, number, mask, photo=None):
    for kind in ('photos', 'maps'):
        (root / kind).mkdir(exist_ok=True)
    if photo is None:
        photo = cv2.imencode('.png', np.full((16, 16, 3), 90, np.uint8))[1].tobytes()
    (root / 'photos' / f'{number:02}.png').write_bytes(photo)
    cv2.imwrite(str(root / 'maps' / f'{number:02}.png'), mask)


def maps(root, **settings):
    return dict(type='ClassMaps', images=str(root / 'photos'), maps=str(root / 'maps'), image_suffix='.png',
                supervision='full', classes=['ground', 'cat', 'dog'], **settings)


HALF = np.repeat([[0] * 8 + [1] * 8], 16, axis=0).astype(np.uint8)


def test_every_fault_is_reported_the_first_ten_written_out(tmp_path):
    for number in range(12):
        save(tmp_path, number, HALF[::2, ::2])
    save(tmp_path, 12, HALF * 7)
    save(tmp_path, 13, HALF, photo=b'no image')
    save(tmp_path, 14, HALF)
    data = maps(tmp_path)
    train, test = check_data(Config(dict(
        train_dataloader=dict(dataset=dict(type='Subset', fraction=0.999, dataset=data)), val_dataloader=dict(dataset=data),
        test_dataloader=dict(dataset=data))))  # the last two are one data set
    assert (train.place, test.place, train.kind) == ('train_dataloader.dataset', 'val_dataloader.dataset', 'ClassMaps')
    assert {kind: len(messages) for kind, messages in test.faults.items()} == {'sizes': 12, 'class maps': 1, 'files': 1}
    assert test.items == 15 and test.notes == ['classes without a pixel: 2']
    text = str(test)
    assert text.startswith('val_dataloader.dataset: ClassMaps, 15 items\n  sizes: 12, the first 10:\n')
    assert text.count('says 8 x 8') == 10 and '12.png holds the values 0 (50 %), 7 (50 %)' in text


def test_boxes_that_keep_a_set_from_being_built_do_not_hide_the_rest(tmp_path):
    (tmp_path / 'VOC' / 'Annotations').mkdir(parents=True)
    (tmp_path / 'VOC' / 'ImageSets' / 'Main').mkdir(parents=True)
    (tmp_path / 'VOC' / 'JPEGImages').mkdir()
    for name, left in (('a', 'nan'), ('b', '1'), ('c', '1')):
        (tmp_path / 'VOC' / 'Annotations' / f'{name}.xml').write_text(
            f'<a><object><name>dog</name><bndbox><xmin>{left}</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>'
            '</object></a>')
        if name != 'c':
            cv2.imwrite(str(tmp_path / 'VOC' / 'JPEGImages' / f'{name}.jpg'), np.zeros((16, 16, 3), np.uint8))
    (tmp_path / 'VOC' / 'ImageSets' / 'Main' / 'train.txt').write_text('a\nb\nc\n')
    voc = dict(type='VOC', data_root=str(tmp_path), sets='VOC/train', classes=['dog', 'cat'])
    report, = check_data(Config(dict(benchmark=dict(train=voc))))
    assert report.items == 2 and list(report.faults) == ['not built', 'files']
    assert 'a.xml: 1 of 1 boxes' in report.faults['not built'][0] and 'c.jpg does not exist' in report.faults['files'][0]
    assert report.notes == ['classes without an image: cat']
    report, = check_data(Config(dict(benchmark=dict(train=dict(voc, data_root='nowhere')))))
    assert report.items == 0 and 'correct data_root' in report.faults['not built'][0]


def test_a_truncated_image_is_found_by_decoding(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    save(tmp_path, 0, HALF, photo=cv2.imencode('.png', picture)[1].tobytes()[:300])
    cfg = Config(dict(test_dataloader=dict(dataset=maps(tmp_path))))
    assert check_data(cfg)[0].faults == {}
    (message,), = check_data(cfg, decode=True)[0].faults.values()
    assert '00.png cannot be decoded' in message


def test_the_command(tmp_path, capsys):
    for number in range(3):
        save(tmp_path, number, HALF * 255)
    config = tmp_path / 'config.py'
    settings = {key: value for key, value in maps(tmp_path).items() if key != 'classes'}
    config.write_text(f'train_dataloader = dict(dataset={settings!r})\n')
    assert main(['check', str(config)]) == 1
    said = capsys.readouterr()
    assert 'one class at most has pixels; they hold the values 0 (50 %), 255 (50 %)' in said.out
    assert '1 faults in 1 of 1 data sets' in said.err
    config.write_text(f'train_dataloader = dict(dataset={dict(settings, values={255: 1})!r})\n')
    assert main(['check', str(config)]) == 0
    assert capsys.readouterr().out == 'train_dataloader.dataset: ClassMaps, 3 items, no faults\n'
    config.write_text('model = dict()\n')
    assert main(['check', str(config)]) == 1 and 'has no data set' in capsys.readouterr().err


@pytest.mark.slow
def test_the_real_subsets(voc_root, coco_root):
    voc = dict(type='VOC', data_root=str(voc_root.parent), sets=['VOC2007/train', 'VOC2007/val'], supervision='boxes')
    maps_of_voc = dict(type='VOC', data_root=str(voc_root.parent), sets='VOC2007/val', task='Segmentation', supervision='full')
    coco = dict(type='COCO', ann_file=str(coco_root / 'annotations' / 'instances_val2017.json'),
                data_prefix=str(coco_root / 'val2017'), supervision='full')
    reports = [report for each in (dict(train_dataloader=dict(dataset=voc), val_dataloader=dict(dataset=maps_of_voc)),
                                   dict(test_dataloader=dict(dataset=coco))) for report in check_data(Config(each))]
    assert [(report.items, report.faults) for report in reports] == [(700, {}), (210, {}), (100, {})]


@pytest.mark.parametrize('classes, message', [
    (['ground', 'Cat', 'dog'], 'only in train: cat; only in test: Cat'), (['ground', 'cat'], 'only in train: dog; only in test: none'),
    (['ground', 'dog', 'cat'], 'in another order: number 1 is cat in train and dog in test'), (None, None)])
def test_class_names_are_compared(tmp_path, classes, message):
    """Renamed, left out, reordered, not known; a set that stands in two places is one fault."""
    for number in range(2):
        save(tmp_path, number, HALF)
    train, other = maps(tmp_path), dict(maps(tmp_path), classes=classes)
    cfg = Config(dict(train_dataloader=dict(dataset=train), val_dataloader=dict(dataset=other),
                      test_dataloader=dict(dataset=other), benchmark=dict(train=train, test=other)))
    first, second = check_data(cfg)
    assert first.faults == {} and list(second.faults) == (['classes'] if message else [])
    if message:
        (text,) = second.faults['classes']
        assert text.startswith('train_dataloader.dataset and val_dataloader.dataset: ') and message in text
    cfg.benchmark.train = dict(type='Subset', fraction=0.6, dataset=train)
    faults = [report.faults.get('classes', []) for report in check_data(cfg)]
    assert [len(each) for each in faults] == ([0, 2, 0] if message else [0, 0, 0])
    alone = Config(dict(benchmark=dict(train=train, test=dict(train, seed=1))))
    assert [report.faults for report in check_data(alone)] == [{}, {}]
