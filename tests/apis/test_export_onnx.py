"""ONNX files: what onnxruntime computes of them, and that the network goes on as if nothing had been."""

import copy
import json
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmwsl.apis import build_model, export, load_config
from mmwsl.apis.export.onnx_file import _size, to_onnx
from mmwsl.apis.export.onnx_instances import InstanceNetwork
from mmwsl.apis.export.onnx_network import ImageNetwork
from mmwsl.cli import main
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

MEAN, STD = [120.0, 110.0, 100.0], [60.0, 50.0, 40.0]
SMALL = dict(
    resnet=dict(type='ResNet', depth=18, base_channels=8), lite=dict(type='EfficientNetLite', arch='lite0'),
    vit=dict(type='VisionTransformer', arch='tiny', depth=2, image_size=64),
    swin=dict(type='SwinTransformer', embed_dims=32, depths=(2, 2), num_heads=(2, 4)))


@pytest.fixture
def onnxruntime():
    pytest.importorskip('onnxscript', reason='onnxscript is not installed')
    pytest.importorskip('onnx', reason='onnx is not installed')
    return pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')


def classifier(backbone, head=None, **preprocessor):
    return Config(dict(
        model=dict(type='ImageClassifier', backbone=backbone, head=head or dict(type='ClassificationHead', num_classes=3)),
        data_preprocessor=dict(type='ViewPreprocessor', mean=MEAN, std=STD, **preprocessor),
        benchmark=dict(test=dict(pipeline=[dict(type='ResizeCenterCrop', resize=48, crop=32)]))))


def write_checkpoint(path, cfg):
    model, _ = build_model(cfg, device='cpu')
    torch.save(dict(state_dict=model.state_dict(), meta=dict(cfg=cfg.pretty_text, dataset_meta=dict(classes=['a', 'b', 'ç']))),
               path)
    return model


@torch.no_grad()
def test_a_file_of_onnx(onnxruntime, tmp_path, capsys):
    """Of the size of the config's test, with its own normalization, for batches of any size, and saying what it is."""
    import onnx
    model = write_checkpoint(tmp_path / 'epoch_1.pth', classifier(dict(type='VisionTransformer', arch='tiny', depth=1,
                                                                       image_size=32), channels_last=True))
    out = tmp_path / 'out.onnx'
    assert main(['export', str(tmp_path / 'epoch_1.pth'), str(out), '--to', 'onnx', '--normalize']) == 0
    said = capsys.readouterr().out
    assert 'input: images (B, 3, 32, 32), RGB in [0, 1]' in said and 'outputs: features (B, 192), scores (B, 3)' in said
    assert f'checked with onnxruntime {onnxruntime.__version__}: outputs equal to' in said
    told = {entry.key: entry.value for entry in onnx.load(out).metadata_props}
    assert json.loads(told['classes']) == ['a', 'b', 'ç'] and json.loads(told['image_size']) == [32, 32]
    np.testing.assert_allclose(json.loads(told['mean']), [value / 255 for value in MEAN], atol=1e-6)
    session = onnxruntime.InferenceSession(out)
    for count in (1, 5):
        photos = torch.randint(0, 256, (count, 3, 32, 32), dtype=torch.uint8)
        inputs = model.data_preprocessor(dict(inputs=photos))['inputs']
        features, scores = session.run(['features', 'scores'], dict(images=photos.numpy().astype('float32') / 255))
        np.testing.assert_allclose(features, model.backbone(inputs)[0], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(scores, model.head(model.backbone(inputs)), rtol=1e-4, atol=1e-4)


def test_a_network_trains_on_as_if_it_had_not_been_exported(onnxruntime):
    """Also one that keeps masks and positions between calls (Swin), from a size that it never saw before."""
    init_default_scope('mmwsl')
    torch.manual_seed(0)
    model = MODELS.build(classifier(dict(type='SwinTransformer', embed_dims=16, depths=(2,), num_heads=(2,),
                                         window_size=3)).model)
    twin, images = copy.deepcopy(model), torch.randn(2, 3, 20, 28)
    to_onnx(ImageNetwork(model).eval(), images, {})
    losses = []
    for network in (model, twin):
        network.train()
        loss = network.head.loss(network.backbone(images), torch.tensor([0, 2]))['loss']
        loss.backward()
        losses.append(loss.item())
    assert losses[0] == losses[1]
    for (name, one), other in zip(model.named_parameters(), twin.parameters(), strict=True):
        assert torch.equal(one, other) and torch.equal(one.grad, other.grad) and type(one) is type(other), name


@pytest.mark.long
@torch.no_grad()
@pytest.mark.parametrize('size', [(64, 64), (96, 128)])
@pytest.mark.parametrize('name', SMALL)
def test_backbones_at_two_sizes(name, size, onnxruntime, tmp_path):
    model = write_checkpoint(tmp_path / 'epoch_1.pth', classifier(SMALL[name]))
    export(tmp_path / 'epoch_1.pth', tmp_path / 'out.onnx', 'onnx', image_size=size)
    session = onnxruntime.InferenceSession(tmp_path / 'out.onnx')
    images = torch.randn(4, 3, *size)
    levels = model.backbone(images)
    found = dict(zip([each.name for each in session.get_outputs()], session.run(None, dict(images=images.numpy())),
                     strict=True))
    assert set(found) == ({'features', 'scores'} if name == 'vit' else {'features', 'map', 'scores'})
    np.testing.assert_allclose(found['features'], model.features(images), atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(found['scores'], model.head(levels), atol=1e-4, rtol=1e-4)
    if name != 'vit':
        np.testing.assert_allclose(found['map'], levels[-1], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_what_a_file_computes_of_other_models():
    """The exported module before any exporter: a method without labels, a localizer, a head of several layers."""
    init_default_scope('mmwsl')
    small, images = dict(type='ResNet', depth=18, base_channels=4), torch.randn(2, 3, 64, 64)
    simclr = MODELS.build(dict(type='SimCLR', backbone=small, neck=dict(type='MLPNeck', in_channels=32, out_channels=8, num_layers=1)))
    network = ImageNetwork(simclr).eval()
    assert [tuple(each.shape) for each in network(images)] == [(2, 32), (2, 32, 2, 2)]
    assert network.names == ['features', 'map']
    localizer = MODELS.build(dict(type='Localizer', backbone=small, head=dict(type='CAMHead', num_classes=5, channels=6))).eval()
    network = ImageNetwork(localizer).eval()
    scores = network(images)[-1]
    assert network.names[-1] == 'scores' and torch.equal(scores, localizer.head(localizer.backbone(images)))
    layers = MODELS.build(dict(type='ImageClassifier', backbone=dict(small, out_indices=(1, 4)),
                               head=dict(type='MultiLayerHead', num_classes=5, layers=(1, 4))))
    network = ImageNetwork(layers).eval()
    network(images)
    assert network.names == ['features', 'map']


def test_normalization_that_is_not_all(tmp_path):
    init_default_scope('mmwsl')
    cfg = classifier(SMALL['resnet'], test_view=[dict(type='SobelImage')])
    with pytest.raises(ValueError, match='does more to an image, or less, than normalize it'):
        ImageNetwork(build_model(cfg, device='cpu')[0], normalize=True)
    images = torch.rand(2, 3, 64, 64)
    model = build_model(classifier(SMALL['resnet']), device='cpu')[0]
    with torch.no_grad():
        inputs = (images * 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
        for one, other in zip(ImageNetwork(model, normalize=True).eval()(images), ImageNetwork(model)(inputs), strict=True):
            torch.testing.assert_close(one, other)


def test_sizes():
    cfg = classifier(SMALL['resnet'])
    assert [_size(cfg, given) for given in (None, 48, [48], (48, 64))] == [(32, 32), (48, 48), (48, 48), (48, 64)]
    with pytest.raises(ValueError, match='--image-size 1 2 3: give a side'):
        _size(cfg, [1, 2, 3])
    with pytest.raises(ValueError, match='give --image-size SIDE'):
        _size(Config(dict(benchmark=dict(test=dict(type='CIFAR10')))), None)


def test_without_a_config_or_the_library(tmp_path, monkeypatch, capsys):
    path = tmp_path / 'epoch_1.pth'
    cfg = classifier(SMALL['resnet'])
    write_checkpoint(path, cfg)
    monkeypatch.setitem(sys.modules, 'onnx', None)
    assert main(['export', str(path), str(tmp_path / 'out.onnx'), '--to', 'onnx']) == 1
    assert 'pip install "mmwsl[onnx]"' in capsys.readouterr().err
    torch.save(torch.load(path)['state_dict'], path)
    assert main(['export', str(path), str(tmp_path / 'out.onnx'), '--to', 'onnx']) == 1
    assert 'give --config CONFIG' in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ['epoch_1.pth']


@pytest.mark.parametrize('changes', [{}, {'model.head.nms': 'cross_class_fast_nms', 'model.mask_branch': dict(
    _delete_=True, type='DirectMasks', size=4)}], ids=['prototypes', 'fc_mask'])
@torch.no_grad()
def test_yolact_with_its_suppression(onnxruntime, tmp_path, changes):
    """Two real photos: detections, their order and their masks as here, and as the model predicts them."""
    from sklearn.datasets import load_sample_images
    cfg = load_config('mmwsl::supervised/instances/yolact_r18w16_1xb16-cos-12e_shapes.py', changes)
    torch.manual_seed(0)
    model, _ = build_model(cfg, 'random', 'cpu')
    torch.nn.init.normal_(model.head.classes.weight, std=0.05, generator=torch.Generator().manual_seed(1))
    torch.save(dict(state_dict=model.state_dict(), meta=dict(cfg=cfg.pretty_text)), tmp_path / 'epoch_1.pth')
    said = export(tmp_path / 'epoch_1.pth', tmp_path / 'out.onnx', 'onnx', image_size=128)
    shape = '4, 4' if changes else '32, 32'
    assert f'outputs: boxes (1, 100, 4), scores (1, 100), labels (1, 100), masks (1, 100, {shape})' in said
    assert f'checked with onnxruntime {onnxruntime.__version__}' in said
    session = onnxruntime.InferenceSession(tmp_path / 'out.onnx')
    for photo in load_sample_images().images:
        image = torch.from_numpy(np.ascontiguousarray(photo[100:356:2, 200:456:2])).permute(2, 0, 1)
        batch = model.data_preprocessor(dict(inputs=[image], data_samples=[DataSample()]))
        boxes, scores, labels, masks = session.run(None, dict(images=batch['inputs'].contiguous().numpy()))
        found = model(**batch, mode='predict')[0]
        count = len(found.pred_boxes)
        assert count > 10 and (scores[0, count:] == 0).all()
        np.testing.assert_allclose(scores[0, :count], found.pred_box_scores.numpy(), atol=1e-4)
        apart = np.abs(boxes[0, None, :count] - found.pred_boxes.numpy()[:, None]).max(-1)  # of random weights some scores
        apart[labels[0, None, :count] != found.pred_box_labels.numpy()[:, None]] = 1000  # are equal, and change places
        assert apart.min(1).max() < 1e-2 and len(set(apart.argmin(1))) == count  # each once, to 1e-4 of 128 pixels
        assert masks.shape[1] == 100 and 0 <= masks.min() <= masks.max() <= 1 and masks[0, :count].max() > 0.1
        wanted = InstanceNetwork(model)(batch['inputs'])[3][0].numpy()[apart.argmin(1)]
        np.testing.assert_allclose(masks[0, :count], wanted, atol=1e-4)


def test_yolact_with_greedy_nms_is_refused():
    cfg = load_config('mmwsl::supervised/instances/yolact_r18w16_1xb16-cos-12e_shapes.py', {'model.head.nms': 'nms'})
    with pytest.raises(ValueError, match='writes YOLACT with Fast NMS inside'):
        InstanceNetwork(build_model(cfg, 'random', 'cpu')[0])
