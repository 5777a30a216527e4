"""Predictions of photos: equal to those of the test, in the photos' own pixels, as files; for every kind of model."""

import functools
import json
import os
import signal

import cv2
import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from PIL import Image
from pycocotools import mask as coco_mask

from mmwsl.apis import Predictor, evaluate, load_config, predict
from mmwsl.apis.build import build_model
from mmwsl.cli import main
from mmwsl.datasets import DigitBags, ImageError, collate_bags, read_image
from mmwsl.datasets.transforms.decode import resize
from mmwsl.registry import METRICS
from mmwsl.structures.summary import summarize

NAMES = ['cat', 'собака', 'emu']
SEEN = []
HEADER = """
default_scope = 'mmwsl'
view = dict(type='ViewPreprocessor', mean=[124, 116, 104], std=[58, 57, 57])
resnet = dict(type='ResNet', depth=18, stem='cifar', base_channels=4, norm_cfg=dict(type='BN'))
test_cfg = dict()
test_evaluator = dict(type='KeptSamples')
"""
LOCALIZER = HEADER + """
model = dict(type='Localizer', backbone=dict(out_indices=(4,), **resnet), head=dict(type={head!r}, num_classes=3, init_std=1),
             topk=2, data_preprocessor=view)
test_dataloader = dict(batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False), dataset=dict(
    type='ImageFolder', data_root={folder!r}, labelled=False, pipeline=[{step}]))
"""
DETECTOR = HEADER + """
model = dict(type='TwoStageDetector', backbone=dict(out_indices=(3, 4), **resnet),
    neck=dict(type='FPN', out_channels=8, num_outs=4, norm_cfg=dict(type='BN')),
    rpn_head=dict(type='RPNHead', in_channels=8, strides=(4, 8, 16, 32), sizes=((16,), (32,), (64,), (128,)),
                  pre_nms=(50, 30), post_nms=(20, 10)),
    box_head=dict(type='BoxHead', in_channels=8, num_classes=3, fc_channels=(16,), batch=8),
    mask_head=dict(type='MaskHead', in_channels=8, num_classes=3, conv_channels=(8,), channels=8),
    region_strides=(4, 8, 16), region_size=7, finest_scale=32,
    data_preprocessor=dict(type='DetectionPreprocessor', mean=[124, 116, 104], std=[58, 57, 57]))
test_dataloader = dict(batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='collate_list'), dataset=dict(
        type='COCO', ann_file={file!r}, data_prefix={folder!r}, supervision='boxes',
        pipeline=[dict(type='ResizeShortEdge', short=48, longest=64)]))
"""
FCN = HEADER + """
model = dict(type='FCN', backbone=dict(out_indices=(4,), **resnet),
    head=dict(type='FCNHead', channels=8, num_classes=4, num_convs=1, norm_cfg=dict(type='BN')),
    data_preprocessor=dict(type='DetectionPreprocessor', mean=[124, 116, 104], std=[58, 57, 57]))
test_dataloader = dict(batch_size=2, collate_fn=dict(type='collate_list'), sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ClassMaps', images={folder!r}, maps={folder!r}, image_suffix='.jpg', map_suffix='.png',
                 supervision='full', pipeline=[dict(type='RandomScale', size=(64, 40), factors=(1.0, 1.0))]))
"""
BAGS = """
default_scope = 'mmwsl'
model = dict(type='BagClassifier', backbone=dict(type='BagEncoder'), pooling=dict(type='AttentionPooling'),
             data_preprocessor=dict(type='BagPreprocessor', mean=[79.56], std=[90.79]))
test_dataloader = dict(batch_size=2, collate_fn=dict(type='collate_bags'), dataset=dict(type='DigitBags'))
"""
CROP = "dict(type='ResizeCenterCrop', resize=40, crop=32)"
SQUARE = "dict(type='ResizeToSquare', size=32)"


@METRICS.register_module()
class KeptSamples(BaseMetric):
    """Keeps what a test predicts."""

    def process(self, data_batch, data_samples):
        SEEN.extend(data_samples)
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(count=len(results))


def photos_in(folder, sizes=((60, 80), (90, 50), (64, 64)), ending='.jpg'):
    """Write smooth photos (height, width) of noise; returns their paths."""
    rng, folder = np.random.default_rng(0), folder / 'photos'
    folder.mkdir()
    for number, (height, width) in enumerate(sizes):
        image = cv2.resize(rng.integers(0, 255, (6, 8, 3)).astype(np.uint8), (width, height))
        cv2.imwrite(str(folder / f'{number}{ending}'), image)
    return [str(folder / f'{number}{ending}') for number in range(len(sizes))]


def network(where, text, classes=NAMES, **values):
    """A config, and the file of a random network of it that knows its classes."""
    path = where / 'config.py'
    path.write_text(text.format(**values))
    model, _ = build_model(load_config(path), device='cpu')
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=dict(classes=classes))), where / 'net.pth')
    return path, where / 'net.pth'


def run_test(path, checkpoint, monkeypatch, folder):
    """What ``mmwsl test`` predicts, one dict an image."""
    SEEN.clear()
    monkeypatch.chdir(folder)
    evaluate(load_config(path), checkpoint)
    return list(SEEN)


def assert_equal(sample, expected, names):
    for name in names:
        assert torch.equal(torch.as_tensor(sample.get(name)), torch.as_tensor(expected.get(name))), name


@pytest.mark.parametrize('head', ['ClassificationHead', 'MultiLabelHead'])
def test_a_localizer_predicts_what_the_test_does(tmp_path, monkeypatch, head):
    paths = photos_in(tmp_path)
    config, checkpoint = network(tmp_path, LOCALIZER, head=head, folder=str(tmp_path / 'photos'), step=CROP)
    expected = run_test(config, checkpoint, monkeypatch, tmp_path)
    predictor = Predictor(config, checkpoint, 'cpu')
    found = list(predictor(paths))
    assert [name for name, _ in found] == paths and predictor.classes == NAMES and predictor.batch_size == 2
    for (path, sample), each in zip(found, expected, strict=True):
        assert_equal(sample, each, ('pred_scores', 'pred_label', 'pred_map_labels'))
        height, width = read_image(path).shape[:2]
        assert sample.ori_shape == (height, width) and sample.pred_maps.shape == (2, height, width)
        # the crop is 32 of 40 pixels of the short side: the map lies there, and nothing around it
        side, x, y = 0.8 * min(height, width), width / 2, height / 2
        left, right, top, bottom = (round(value) for value in (x - side / 2, x + side / 2, y - side / 2, y + side / 2))
        inside = sample.pred_maps[:, top + 2:bottom - 2, left + 2:right - 2]
        assert inside.mean() > 0.1
        assert sample.pred_maps.sum() == pytest.approx(
            float(sample.pred_maps[:, max(top - 1, 0):bottom + 1, max(left - 1, 0):right + 1].sum()))
        back = cv2.resize(sample.pred_maps[0, top:bottom, left:right].numpy(), (32, 32))
        assert np.abs(back - each['pred_maps'][0].numpy()).mean() < 0.05


def test_arrays_batches_and_photos_of_any_size(tmp_path):
    paths = photos_in(tmp_path)
    config, checkpoint = network(tmp_path, LOCALIZER, head='ClassificationHead', folder='', step='')  # the whole photo
    predictor = Predictor(config, checkpoint, 'cpu')
    by_path = dict(predictor(paths, batch_size=1))
    arrays = [read_image(path) for path in paths]
    for batch_size in (1, 3):  # of different sizes: a batch each
        by_array = list(predictor(arrays, batch_size))
        assert [name for name, _ in by_array] == [0, 1, 2]
        for (_, sample), path in zip(by_array, paths, strict=True):
            assert torch.equal(sample.pred_maps, by_path[path].pred_maps)
    (name, _), = predictor(arrays[0])
    assert name == 0
    with pytest.raises(ValueError, match=r'photo 0 is float64 of shape \(4, 4, 3\); give a path'):
        list(predictor([np.zeros((4, 4, 3))]))
    with pytest.raises(ValueError, match='no photos'):
        list(predictor([]))


@pytest.mark.parametrize('step', [CROP, SQUARE, "dict(type='ResizeToSquare', size=16, decode_reduced=True)", ''])
def test_photos_are_turned_upright(tmp_path, step):
    """A photo that EXIF turns is predicted as its turned pixels are, and so are the sizes of what is predicted."""
    path, = photos_in(tmp_path, [(60, 90)])
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as image:
        image.save(path, exif=exif, quality=100)
    config, checkpoint = network(tmp_path, LOCALIZER, head='ClassificationHead', folder='', step=step)
    predictor = Predictor(config, checkpoint, 'cpu')
    (_, turned), = predictor(path)
    (_, upright), = predictor(read_image(path))
    assert turned.ori_shape == upright.ori_shape == (90, 60) and turned.pred_maps.shape[1:] == (90, 60)
    reduced = 0.05 if 'reduced' in step else 1e-6  # the decoder shrinks in another way
    assert torch.allclose(turned.pred_scores, upright.pred_scores, atol=reduced) and turned.region == upright.region


def coco_file(folder, paths):
    images = [dict(id=number, file_name=os.path.basename(path), width=read_image(path).shape[1],
                   height=read_image(path).shape[0]) for number, path in enumerate(paths)]
    boxes = [dict(id=number + 1, image_id=number, category_id=1, bbox=[2, 2, 20, 20], area=400, iscrowd=0)
             for number in range(len(paths))]
    content = dict(images=images, annotations=boxes, categories=[dict(id=i + 1, name=n) for i, n in enumerate(NAMES)])
    (folder / 'boxes.json').write_text(json.dumps(content))
    return str(folder / 'boxes.json')


def test_a_detector_predicts_what_the_test_does_and_writes_it(tmp_path, monkeypatch):
    paths = photos_in(tmp_path)
    config, checkpoint = network(tmp_path, DETECTOR, file=coco_file(tmp_path, paths), folder=str(tmp_path / 'photos'))
    expected = run_test(config, checkpoint, monkeypatch, tmp_path)
    for (_, sample), each in zip(Predictor(config, checkpoint, 'cpu')(paths), expected, strict=True):
        assert len(sample.pred_boxes)
        assert_equal(sample, each, ('pred_boxes', 'pred_box_scores', 'pred_box_labels', 'pred_masks'))
    threshold = float(expected[0]['pred_box_scores'].median())
    result = predict(config, checkpoint, [str(tmp_path / 'photos')], tmp_path / 'out', 'cpu', score_threshold=threshold)
    text = (tmp_path / 'out' / 'predictions.json').read_text(encoding='utf-8')
    assert json.loads(text) == result and result['classes'] == NAMES and result['left_out'] == {}
    for record, each in zip(result['predictions'], expected, strict=True):
        kept = each['pred_box_scores'] >= threshold
        assert [found['box'] for found in record['objects']] == each['pred_boxes'][kept].tolist()
        assert [found['name'] for found in record['objects']] == [NAMES[label] for label in each['pred_box_labels'][kept]]
        masks = [coco_mask.decode(found['mask']) for found in record['objects']]
        assert all(np.array_equal(mask, true) for mask, true in zip(masks, each['pred_masks'][kept].numpy(), strict=True))
        height, width = cv2.imread(str(tmp_path / 'out' / record['picture'])).shape[:2]
        assert width >= record['size'][0] and height >= record['size'][1]  # the whole photo is in it
    assert [record['file'] for record in result['predictions']] == ['0.jpg', '1.jpg', '2.jpg']
    assert result['predictions'][0]['size'] == [80, 60]


def test_a_segmentor_predicts_what_the_test_does_and_writes_it(tmp_path, monkeypatch):
    paths = photos_in(tmp_path)
    for path in paths:
        Image.fromarray(np.zeros(read_image(path).shape[:2], np.uint8)).save(path.replace('.jpg', '.png'))
    config, checkpoint = network(tmp_path, FCN, folder=str(tmp_path / 'photos'))
    expected = run_test(config, checkpoint, monkeypatch, tmp_path)
    result = predict(config, checkpoint, paths, tmp_path / 'out', 'cpu', pictures=False)
    for record, each in zip(result['predictions'], expected, strict=True):
        with Image.open(tmp_path / 'out' / record['class_map']) as image:
            assert image.mode == 'P' and np.array_equal(np.array(image), each['pred_mask'].numpy())
        shares = {number: float((each['pred_mask'] == number).float().mean()) for number in each['pred_mask'].unique().tolist()}
        assert {area['number']: area['share'] for area in record['areas']} == pytest.approx(shares)
        assert [area['name'] for area in record['areas']] == [['background', *NAMES][area['number']] for area in record['areas']]
    assert not (tmp_path / 'out' / 'pictures').exists()


def test_bags(tmp_path):
    """A folder of photos is a bag, and so is a list of arrays; equal to the data set's own."""
    digits = DigitBags(split='test', num_bags=2)
    for number in range(2):
        folder = tmp_path / 'bags' / 'ab'[number]
        folder.mkdir(parents=True)
        for position, image in enumerate(digits[number]['inputs']):
            cv2.imwrite(str(folder / f'{position:02d}.png'), image[0].numpy())
    config, checkpoint = network(tmp_path, BAGS, ['without', 'with'])
    predictor = Predictor(config, checkpoint, 'cpu')
    own = predictor.model.test_step(collate_bags([digits[0], digits[1]]))
    arrays = [[np.repeat(image.numpy()[0, :, :, None], 3, 2) for image in digits[number]['inputs']] for number in range(2)]
    for given in (tmp_path / 'bags', arrays):
        found = list(predictor(given))
        assert [name for name, _ in found] == ([str(tmp_path / 'bags' / name) for name in 'ab'] if given is not arrays else [0, 1])
        for (_, sample), each in zip(found, own, strict=True):
            assert_equal(sample, each, ('pred_scores', 'pred_instance_scores'))
    (tmp_path / 'bags' / 'a' / '01.png').write_bytes(b'no image')
    result = predict(config, checkpoint, [tmp_path / 'bags'], tmp_path / 'out', 'cpu')
    first, second = result['predictions']
    assert (first['file'], second['file']) == ('a', 'b') and list(result['left_out']) == ['a/01.png']
    assert [member['file'] for member in first['members']][:2] == ['a/00.png', 'a/02.png']
    assert first['classes'][0]['name'] in ('without', 'with') and (tmp_path / 'out' / 'pictures' / 'b.jpg').is_file()


def test_features_of_a_pretext_model(tmp_path):
    paths = photos_in(tmp_path)
    config = 'mmwsl::selfsup/rotation/rotation_r18w16_1xb128-cos-5e_cifar10.py'
    options = {'model.backbone.base_channels': 4, 'model.head.in_channels': 32}
    result = predict(config, 'random', paths, tmp_path / 'out', 'cpu', options=options)
    with np.load(tmp_path / 'out' / 'features.npz') as saved:
        features, names = saved['features'], saved['paths'].tolist()
    assert names == ['0.jpg', '1.jpg', '2.jpg'] and not (tmp_path / 'out' / 'pictures').exists()
    assert result['predictions'][0] == dict(file='0.jpg', size=[80, 60], seen=[10, 0, 70, 60])
    model, _ = build_model(load_config(config, options), device='cpu')
    squares = [resize(read_image(path)[top:top + side, left:left + side], 32, 32)
               for path, (left, top, side) in zip(paths, ((10, 0, 60), (0, 20, 50), (0, 0, 64)), strict=True)]
    images = torch.from_numpy(np.stack(squares).transpose(0, 3, 1, 2).copy())
    with torch.no_grad():
        expected = model(**model.data_preprocessor(dict(inputs=images, data_samples=None)), mode='tensor')
    assert np.allclose(features, expected.numpy(), atol=1e-5)


def test_the_command(tmp_path, capsys, monkeypatch):
    """Names in any script, folders in folders, what cannot be read, and what is drawn."""
    monkeypatch.delenv('MMWSL_TRACEBACK', raising=False)
    paths = photos_in(tmp_path)
    inner = tmp_path / 'photos' / 'отпуск 猫'
    inner.mkdir()
    os.rename(paths[2], inner / 'ű.jpg')
    config, checkpoint = network(tmp_path, LOCALIZER, head='MultiLabelHead', folder='', step=SQUARE)
    command = ['predict', str(config), str(checkpoint), str(tmp_path / 'photos'), '--out',
               str(tmp_path / 'photos' / 'out'), '--device', 'cpu', '--top-k', '2', '--score-threshold', '0']
    assert main(command) == 0
    assert '3 predictions' in capsys.readouterr().out
    content = json.loads((tmp_path / 'photos' / 'out' / 'predictions.json').read_text(encoding='utf-8'))
    record = content['predictions'][2]
    assert record['file'] == 'отпуск 猫/ű.jpg' and record['picture'] == 'pictures/отпуск 猫/ű.jpg'
    assert len(record['classes']) == len(record['maps']) == 2 and record['classes'][0]['name'] in NAMES
    with Image.open(tmp_path / 'photos' / 'out' / record['maps'][0]['file']) as image:
        assert image.size == (64, 64) and image.mode == 'L' and image.getextrema() == (0, 255)
    (tmp_path / 'photos' / 'torn.jpg').write_bytes((tmp_path / 'photos' / '0.jpg').read_bytes()[:100])
    assert main([*command, '--no-pictures']) == 1  # the pictures and maps of the first call are passed over
    said = capsys.readouterr()
    assert '3 predictions' in said.out and '1 photos cannot be read and are left out: torn.jpg' in said.err
    assert main([*command[:3], str(tmp_path / 'photos' / 'torn.jpg'), *command[4:]]) == 1
    assert 'ImageError: none of the 1 photos can be read' in capsys.readouterr().err
    with pytest.raises(ImageError, match='torn.jpg cannot be decoded'):
        list(Predictor(config, checkpoint, 'cpu')(tmp_path / 'photos' / 'torn.jpg'))


@pytest.mark.parametrize('number, code', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_keeps_what_is_done(tmp_path, monkeypatch, request, number, code):
    # a job in the background of a shell is started with SIGINT ignored
    request.addfinalizer(functools.partial(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    photos_in(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    config, checkpoint = network(tmp_path, LOCALIZER, head='MultiLabelHead', folder='', step=SQUARE)
    summarized, said = [], []

    def stop_at_the_third(*args):
        summarized.append(args)
        if len(summarized) == 3:
            os.kill(os.getpid(), number)
        return summarize(*args)

    monkeypatch.setattr('mmwsl.apis.predictor.summarize', stop_at_the_third)
    monkeypatch.setattr('mmwsl.apis.predictor.print_log', lambda line, **settings: said.append(line))
    out = tmp_path / 'out'
    with pytest.raises(SystemExit) as stop:
        main(['predict', str(config), str(checkpoint), str(tmp_path / 'photos'), '--out', str(out), '--device', 'cpu'])
    assert stop.value.code == code and signal.getsignal(signal.SIGTERM) == before
    content = json.loads((out / 'predictions.json').read_text(encoding='utf-8'))
    assert [record['file'] for record in content['predictions']] == ['0.jpg', '1.jpg'] and content['left_out'] == {}
    assert content['not_predicted'] == ['2.jpg'] and all((out / record['picture']).exists() for record in content['predictions'])
    assert 'has 2 predictions, and the names of the other 1 in not_predicted' in said[0]
    monkeypatch.undo()
    assert 'not_predicted' not in predict(config, checkpoint, [tmp_path / 'photos'], out, 'cpu')


def test_names_of_classes_that_the_checkpoint_does_not_say(tmp_path):
    paths = photos_in(tmp_path)
    config, checkpoint = network(tmp_path, LOCALIZER, classes=None, head='ClassificationHead', folder='', step=SQUARE)
    best = predict(config, checkpoint, paths, tmp_path / 'out', 'cpu', pictures=False)['predictions'][0]['classes'][0]
    assert best['name'] == f'class {best["number"]}'
    (tmp_path / 'names.txt').write_text('\n'.join(NAMES) + '\n', encoding='utf-8')
    assert main(['predict', str(config), str(checkpoint), paths[0], '--out', str(tmp_path / 'out'), '--device', 'cpu',
                 '--classes', str(tmp_path / 'names.txt')]) == 0
    content = json.loads((tmp_path / 'out' / 'predictions.json').read_text(encoding='utf-8'))
    assert content['classes'] == NAMES and content['predictions'][0]['classes'][0]['name'] == NAMES[best['number']]
    with pytest.raises(ValueError, match=r'2 names of classes are given, but the network of .*net.pth has 3; give one'):
        Predictor(config, checkpoint, 'cpu', classes=NAMES[:2])
    config, checkpoint = network(tmp_path, FCN, folder='')
    for names in (NAMES, ['floor', *NAMES]):  # with the background's, or without it
        assert Predictor(config, checkpoint, 'cpu', classes=names).map_classes[1:] == NAMES
    with pytest.raises(ValueError, match='5 names'):
        Predictor(config, checkpoint, 'cpu', classes=[*NAMES, 'x', 'y'])


def test_what_cannot_be_predicted(tmp_path):
    config, checkpoint = network(tmp_path, LOCALIZER, head='ClassificationHead', folder='', step='')
    with pytest.raises(ValueError, match='top_k=0 must be 1 or more'):
        predict(config, checkpoint, ['x'], tmp_path / 'out', top_k=0)
    with pytest.raises(FileNotFoundError, match='photo absent.jpg does not exist'):
        predict(config, checkpoint, ['absent.jpg'], tmp_path / 'out')
    sequences = 'mmwsl::weaksup/temporal/hide_and_seek_video/hide_and_seek_video_seq32_1xb50-const-40e_syntheticsequences.py'
    with pytest.raises(ValueError, match='is of sequences of features, not of photos'):
        Predictor(sequences, 'random', 'cpu')
    (tmp_path / 'bare.py').write_text("model = dict(type='Supervised')")
    with pytest.raises(ValueError, match='has neither test_dataloader nor benchmark.test'):
        Predictor(tmp_path / 'bare.py', 'random', 'cpu')


def test_weights_of_another_network(tmp_path, monkeypatch):
    """A classifier's weights in a segmentor would name pixels at random, in predict as in the test."""
    (tmp_path / 'other').mkdir()
    _, checkpoint = network(tmp_path, LOCALIZER, head='ClassificationHead', folder='', step='')
    photos_in(tmp_path)
    config, _ = network(tmp_path / 'other', FCN, folder=str(tmp_path / 'photos'))
    words = 'net.pth: .* tensors of the model are missing and would stay random, .* lies in its work dir'
    with pytest.raises(ValueError, match=words):
        predict(config, checkpoint, [tmp_path / 'photos'], tmp_path / 'out', 'cpu')
    assert not (tmp_path / 'out').exists()
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / 'photos').iterdir():
        cv2.imwrite(str(path.with_suffix('.png')), np.zeros(cv2.imread(str(path)).shape[:2], np.uint8))
    with pytest.raises(ValueError, match=words):
        evaluate(load_config(config), checkpoint)
