"""The four steps, small: on scenes, and on own photos with tags."""

import importlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.apis import class_maps, four_steps, mask_sheet, pseudo_masks
from mmwsl.apis.pseudo_masks.photos import Photo, read_list
from mmwsl.cli.program import main
from mmwsl.datasets import DigitScenes, OwnData, read_class_map
from mmwsl.datasets.readers.map_files import read_maps, write_mask
from mmwsl.reporting.records import read_records

CLASSIFIER = 'mmwsl::weaksup/localization/cam/cam_tags_r18w16_1xb64-cos-8e_digitscenes.py'
SEGMENTOR = 'mmwsl::weaksup/segmentation/four_step/fcn_r18w16_1xb32-cos-24e_digitscenes.py'
NARROW = {'model.backbone.base_channels': 4, 'epochs': 1, 'train_dataloader.batch_size': 8}
CONFIG = f"""
classifier = dict(config={CLASSIFIER!r}, options={NARROW!r}, dataset=dict(
    type='DigitScenes', objects=(1, 2), size=32, num_scenes=16, in_memory=True))
photos = [dict(type='DigitScenes', objects=(1, 2), size=32, num_scenes=12, supervision='full')]
maps = dict(scales=(1.0,), flip=True, stride=2)
masks = dict(threshold=0.3)
segmentor = dict(config={SEGMENTOR!r}, options={{
    **{NARROW!r}, 'model.head.channels': 8, 'test_dataloader.dataset.num_scenes': 6, 'test_dataloader.dataset.size': 32}})
final = dict(scales=(1.0, 1.5), flip=True)
benchmark = dict(dataset='DigitScenes')
"""


@pytest.fixture(autouse=True)
def one_thread(monkeypatch, tmp_path):
    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope='module')
def done(tmp_path_factory):
    """The steps on scenes, done once: folder, table, what was printed."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp('steps')
    (place / 'chain.py').write_text(CONFIG)
    return place, four_steps(place / 'chain.py', place / 'out', records=place / 'all.jsonl')


@pytest.mark.long
def test_every_figure_says_what_it_was_given(done):
    place, table = done
    everything = read_records(place / 'out' / 'records.jsonl')
    records = everything[::2]
    assert [(each['method'], each['split'], each['settings']['image_tags'], len(each['settings']['scales']),
             each['settings']['flip']) for each in records] == [
        ('cam', 'train', True, 1, True), ('cam', 'train', False, 1, True),
        ('four_step', 'test', False, 1, False), ('four_step', 'test', True, 1, False),
        ('four_step', 'test', False, 2, True), ('four_step', 'test', True, 2, True)]
    assert {each['metric'] for each in records} == {'miou'} and {each['dataset'] for each in records} == {'DigitScenes'}
    assert {each['metric'] for each in everything[1::2]} == {'foreground_iou'}
    assert everything == read_records(place / 'all.jsonl') and table == (place / 'out' / 'table.md').read_text()
    assert '| cam | train | with tags, no refiner, one scale and mirror images |' in table


@pytest.mark.long
def test_each_step_left_what_the_next_reads(done):
    out = done[0] / 'out'
    photos, classes = read_list(out / 'photos')
    assert len(photos) == 12 and len(classes) == 10 and photos[0].image().shape == (3, 32, 32)
    truth = DigitScenes(objects=(1, 2), size=32, num_scenes=12, supervision='full')
    for photo, scene in zip(photos, truth, strict=True):
        maps = read_maps(out / 'maps' / f'{photo.name}.npz')
        assert maps['classes'].tolist() == scene['data_samples'].gt_label.nonzero()[:, 0].tolist()
        assert maps['maps'].shape[1:] == (16, 16) and (photo.true_mask() == scene['data_samples'].gt_mask.numpy()).all()
        mask = read_class_map(out / 'masks' / 'masks' / f'{photo.name}.png')
        assert mask.shape == (32, 32) and set(np.unique(mask)) <= {0, *(maps['classes'] + 1)}
    learnt = OwnData(out / 'masks', format='masks', tags=True, supervision='full')
    assert learnt.classes == ['background', *classes] and len(learnt) == 12


@pytest.mark.long
def test_what_is_whole_is_skipped_and_what_was_lost_is_made_again(done, capsys, monkeypatch):
    place, table = done
    monkeypatch.setattr(importlib.import_module('mmwsl.apis.pseudo_masks.four_steps'), 'train', lambda *_, **__: pytest.fail('trained again'))
    assert four_steps(place / 'chain.py', place / 'out') == table
    lines = capsys.readouterr().out
    assert lines.count('done before') == 7 and 'begins' not in lines
    note = place / 'out' / 'maps' / 'step.json'
    lost = sorted((place / 'out' / 'maps').glob('*.npz'))[3]
    before, kept = lost.read_bytes(), sorted((place / 'out' / 'maps').glob('*.npz'))[4].stat().st_mtime_ns
    lost.unlink()
    note.write_text(json.dumps(dict(json.loads(note.read_text()), done=False)))  # as after a kill in the middle
    assert four_steps(place / 'chain.py', place / 'out') == table
    assert lost.read_bytes() == before and sorted((place / 'out' / 'maps').glob('*.npz'))[4].stat().st_mtime_ns == kept
    assert 'maps: goes on' in capsys.readouterr().out


@pytest.mark.long
def test_maps_of_the_photos_of_the_test_are_scored_as_those_that_get_masks(done):
    place, _ = done
    (place / 'scored.py').write_text(CONFIG + 'test_photos = photos  # the same photos, so the same figures\n')
    shutil.copytree(place / 'out', place / 'scored')
    four_steps(place / 'scored.py', place / 'scored')
    records = [each for each in read_records(place / 'scored' / 'records.jsonl') if each['protocol'] == 'pseudo_masks']
    kept, tested = ([[each[key] for key in ('method', 'metric', 'value', 'settings')] for each in records if each['split'] == split]
                    for split in ('train', 'test'))
    assert len(tested) == 4 and tested == kept


@pytest.mark.long
def test_the_sheet_has_a_row_for_each_photo(done):
    place, _ = done
    with Image.open(mask_sheet(place / 'chain.py', place / 'out', place / 'sheet.png', count=3)) as sheet:
        assert sheet.width > 1.5 * sheet.height > 0


def test_a_config_that_says_no_steps_is_refused(tmp_path):
    with pytest.raises(ValueError, match='has no classifier, maps, masks, segmentor'):
        four_steps(SEGMENTOR, tmp_path / 'out')


@pytest.fixture
def own(tmp_path):
    """Photos of 40 x 32 with tags in a CSV: one of two classes, none, unknown."""
    generator = np.random.default_rng(0)
    rows = ['file,classes']
    for number in range(10):
        Image.fromarray(generator.integers(0, 256, (32, 40, 3), dtype=np.uint8)).save(tmp_path / f'{number}.png')
        rows.append(f'{number}.png,{("ring", "nail", "ring;nail", "")[number % 4]}')
    (tmp_path / 'tags.csv').write_text('\n'.join(rows) + '\n')
    return tmp_path


def test_own_photos_from_tags_to_masks_that_data_reads(own, capsys):
    out = own / 'maps'
    options = {'model.backbone.base_channels': 4, 'model.head.num_classes': 2}
    assert class_maps(CLASSIFIER, 'random', out, own / 'tags.csv', scales=(1.0,), options=options)['photos'] == 10
    photos, classes = read_list(out)
    assert classes == ['nail', 'ring'] and {photo.part for photo in photos} == {'train', 'test'}
    done = pseudo_masks(out, own / 'masks', threshold=0.3)
    assert done == dict(written=10, left_out=0, scores=[])  # nothing is known that could score them
    learnt = OwnData(own / 'masks', tags=True, supervision='full')
    assert len(learnt) == 10 and learnt.classes == ['background', 'nail', 'ring']
    bare = next(photo for photo in photos if not any(photo.tags))
    assert (read_class_map(own / 'masks' / bare.part / 'masks' / f'{bare.name}.png') == 0).all()
    (own / 'photos').mkdir()  # as the four steps have it
    (out / 'photos.jsonl').rename(own / 'photos' / 'photos.jsonl')
    assert main(['masks', str(out), '--out', str(own / 'coco'), '--form', 'coco_json']) == 0
    content = json.loads((own / 'coco' / 'instances_train.json').read_text())
    assert {each['category_id'] for each in content['annotations']} <= {1, 2} and len(content['images']) == 8
    assert OwnData(own / 'coco', tags=True, supervision='boxes').classes == ['nail', 'ring']
    with pytest.raises(ValueError, match='not empty'):
        pseudo_masks(out, own / 'masks')


def photo(tmp_path, name, tags, **fields):
    Image.fromarray(np.zeros((6, 8, 3), np.uint8)).save(tmp_path / f'{name}.png')
    return Photo(name, str(tmp_path / f'{name}.png'), 'train', True, tags, **fields)


def test_photos_that_teach_nothing_are_left_out(tmp_path):
    from mmwsl.apis.pseudo_masks.make_masks import MaskSettings, make_masks
    from mmwsl.datasets.readers.map_files import write_maps
    photos = [photo(tmp_path, 'tag', [1, 0]), photo(tmp_path, 'none', [0, 0]), photo(tmp_path, 'unknown', [0, -1]),
              photo(tmp_path, 'doubt', [1, 0])]
    ramp = np.tile(np.linspace(0, 1, 8), (6, 1))[None]
    for each in photos:
        write_maps(tmp_path / 'maps' / f'{each.name}.npz', [0] * (1 in each.tags), ramp[:int(1 in each.tags)])
    write_maps(tmp_path / 'maps' / 'doubt.npz', [0], np.full((1, 6, 8), 0.2))
    done = make_masks(photos, ['a', 'b'], tmp_path / 'maps', tmp_path / 'out', MaskSettings(threshold=(0.1, 0.6)))
    assert done == dict(written=2, left_out=2)  # that of an unknown tag, and what is void everywhere
    assert sorted(path.stem for path in (tmp_path / 'out' / 'masks').iterdir()) == ['none', 'tag']
    assert np.unique(read_class_map(tmp_path / 'out' / 'masks' / 'tag.png')).tolist() == [0, 1, 255]
    with pytest.raises(ValueError, match='none of 1 masks shows a class; lower the threshold'):
        make_masks([photos[1]], ['a', 'b'], tmp_path / 'maps', tmp_path / 'empty', MaskSettings(threshold=0.3))


@pytest.mark.parametrize('kind', ['palette', 'colors', 'other size'])
def test_true_masks_of_own_data(tmp_path, kind):
    """Masks with a palette or with colors score; one of another size is named."""
    for folder in ('images', 'masks'):
        (tmp_path / 'own' / folder).mkdir(parents=True)
    generator = np.random.default_rng(1)
    for number in range(6):
        Image.fromarray(generator.integers(0, 256, (32, 40, 3), dtype=np.uint8)).save(tmp_path / 'own' / 'images' / f'{number}.png')
        mask = np.zeros((32, 40 + 2 * (kind == 'other size')), np.uint8)
        mask[4:20, 6:30] = 1 + number % 2
        file = tmp_path / 'own' / 'masks' / f'{number}.png'
        if kind == 'colors':
            Image.fromarray(np.array([[0, 0, 0], [200, 0, 0], [0, 200, 0]], np.uint8)[mask]).save(file)
        else:
            write_mask(file, mask)
    (tmp_path / 'own' / 'classes.txt').write_text('background,0,0,0\nnail,200,0,0\nring,0,200,0\n' if kind == 'colors' else
                                                  'background\nnail\nring\n')
    options = {'model.backbone.base_channels': 4, 'model.head.num_classes': 2}

    def run():
        return class_maps(CLASSIFIER, 'random', tmp_path / 'maps', tmp_path / 'own', scales=(1.0,), flip=False, options=options)
    if kind == 'other size':
        with pytest.raises(ValueError, match='42 x 32'):
            run()
        return
    assert run()['with_truth'] == 6
    photos, _ = read_list(tmp_path / 'maps')
    assert all((each.true_mask() == (each.tags[0] * 1 + each.tags[1] * 2) * (each.true_mask() > 0)).all() for each in photos)
    words = [word for word, _ in pseudo_masks(tmp_path / 'maps', tmp_path / 'out')['scores']]
    assert words == ['with tags, no refiner, one scale', 'without tags, no refiner, one scale']


@pytest.mark.long
def test_own_photos_through_all_steps(own, capsys):
    """Tags in, masks and a segmentor out; nothing is known that could score them, and predict shows what it says."""
    (own / 'chain.py').write_text(CONFIG.replace('threshold=0.3', 'threshold=0.3, refiner=dict(type="par", dilations=(1,))'))
    assert main(['four-steps', 'chain.py', '--data', 'tags.csv', '--out', 'out']) == 0
    assert 'so there is no score of it' in capsys.readouterr().out
    learnt = OwnData(own / 'out' / 'masks', tags=True, supervision='full')
    assert learnt.classes == ['background', 'nail', 'ring'] and len(learnt) == 8
    config, = (own / 'out' / 'segmentor').glob('*.py')
    assert main(['predict', str(config), 'out/segmentor/epoch_1.pth', '0.png', '--out', 'seen']) == 0
    areas = json.loads((own / 'seen' / 'predictions.json').read_text())['predictions'][0]
    assert areas['size'] == [40, 32] and 'class_map' in areas


def test_two_processes_do_not_share_a_folder(tmp_path):
    (tmp_path / 'chain.py').write_text(CONFIG)
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / '.steps.lock').touch()
    code = f"""
import fcntl, sys, time
file = open({str(tmp_path / 'out' / '.steps.lock')!r}, 'a+b')
fcntl.lockf(file, fcntl.LOCK_EX)
print('held', flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == 'held\n'
            with pytest.raises(BlockingIOError, match='another process does these steps'):
                four_steps(tmp_path / 'chain.py', tmp_path / 'out')
        finally:
            child.kill()
