"""Networks handed on: into plain networks of the test, of the libraries where they are installed, and refused in time."""

import importlib
import json
import sys
import types

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmwsl.apis import build_model, export, load_config
from mmwsl.apis.export.check import compare
from mmwsl.apis.export.source import read_source
from mmwsl.cli import main

RESNETS = {18: (False, (2, 2, 2, 2)), 50: (True, (3, 4, 6, 3))}


class PlainBlock(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck, eps):
        super().__init__()
        outputs = width * 4 if bottleneck else width
        shapes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)] if bottleneck else [
            (inputs, width, 3, stride), (width, width, 3, 1)]
        for number, (a, b, kernel, step) in enumerate(shapes, start=1):
            setattr(self, f'conv{number}', nn.Conv2d(a, b, kernel, step, kernel // 2, bias=False))
            setattr(self, f'bn{number}', nn.BatchNorm2d(b, eps=eps))
        self.count, self.downsample = len(shapes), None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = x
        for number in range(1, self.count + 1):
            y = getattr(self, f'bn{number}')(getattr(self, f'conv{number}')(y))
            y = y.relu() if number < self.count else y
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class PlainResNet(nn.Module):
    """A ResNet in plain torch under torchvision's names, with its call."""

    def __init__(self, depth, num_classes=1000, weights=None, eps=1e-5):
        super().__init__()
        bottleneck, counts = RESNETS[depth]
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for stage, count in enumerate(counts):
            blocks = []
            for index in range(count):
                stride = 2 if stage and not index else 1
                blocks.append(PlainBlock(channels, 64 * 2**stage, stride, bottleneck, eps))
                channels = 64 * 2**stage * (4 if bottleneck else 1)
            setattr(self, f'layer{stage + 1}', nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        for stage in range(1, 5):
            x = getattr(self, f'layer{stage}')(x)
        return self.fc(x.mean((2, 3)))


@pytest.fixture
def stand_in(monkeypatch):
    """Put networks of plain torch where torchvision is looked for; returns a function of the eps of their norms."""
    def put(eps=1e-5):
        models = types.SimpleNamespace(**{
            f'resnet{depth}': lambda depth=depth, **options: PlainResNet(depth, eps=eps, **options) for depth in RESNETS})
        monkeypatch.setitem(sys.modules, 'torchvision', types.SimpleNamespace(models=models, __version__='plain'))
    return put


def write_checkpoint(path, backbone, head=None, keep_config=True, saw_labels=True):
    """A checkpoint of a classifier, or of SimCLR without ``head``, whose norms are not as they began; and its model."""
    model = dict(type='ImageClassifier', backbone=backbone, head=head) if head else dict(
        type='SimCLR', backbone=backbone, neck=dict(type='MLPNeck', in_channels=512, out_channels=8, num_layers=1))
    cfg = Config(dict(model=model, data_preprocessor=dict(type='ViewPreprocessor', mean=[120.0] * 3, std=[60.0] * 3)))
    model, _ = build_model(cfg, device='cpu')
    generator = torch.Generator().manual_seed(1)
    for value in model.state_dict().values():
        if value.is_floating_point() and value.dim() == 1:
            value.add_(torch.rand(value.shape, generator=generator), alpha=0.1)
    meta = dict(cfg=cfg.pretty_text, saw_labels=saw_labels) if keep_config else {}
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return model


@torch.no_grad()
@pytest.mark.parametrize('depth', RESNETS)
def test_a_plain_network_takes_every_key_and_gives_the_same(depth, tmp_path, stand_in, capsys):
    stand_in()
    model = write_checkpoint(tmp_path / 'epoch_1.pth', dict(type='ResNet', depth=depth),
                             dict(type='ClassificationHead', num_classes=3, init_std=1.0))
    assert main(['export', str(tmp_path / 'epoch_1.pth'), str(tmp_path / 'out.pth'), '--to', 'torchvision']) == 0
    said = capsys.readouterr().out
    assert 'with the classifier of 3 classes' in said and 'checked with torchvision plain: outputs equal to' in said
    network = PlainResNet(depth, num_classes=3).eval()
    network.load_state_dict(torch.load(tmp_path / 'out.pth'))  # strict
    images = torch.randn(2, 3, 96, 64)
    torch.testing.assert_close(network(images), model.head(model.backbone(images)), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_what_saw_no_labels_has_no_classifier(tmp_path, stand_in):
    stand_in()
    model = write_checkpoint(tmp_path / 'epoch_1.pth', dict(type='ResNet', depth=18), saw_labels=False)
    said = export(tmp_path / 'epoch_1.pth', tmp_path / 'out.pth', 'torchvision')
    assert 'network.fc = torch.nn.Identity()' in said and '2 others (of heads, teachers, ...) left out' in said
    network = PlainResNet(18).eval()
    assert network.load_state_dict(torch.load(tmp_path / 'out.pth'), strict=False) == (['fc.weight', 'fc.bias'], [])
    network.fc = nn.Identity()
    images = torch.randn(2, 3, 64, 64)
    torch.testing.assert_close(network(images), model.features(images), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('head, saw_labels', [(dict(type='ClassificationHead', norm_cfg=dict(type='BN')), True),
                                              (dict(type='CAMHead', channels=16), True), (dict(type='CAMHead', pooling='max'), True),
                                              (dict(type='ClassificationHead'), False)])
def test_other_heads_stay_behind(head, saw_labels, tmp_path):
    """A head on another feature, and one that tells turned images apart, are no classifiers of a torchvision network."""
    path = tmp_path / 'epoch_1.pth'
    write_checkpoint(path, dict(type='ResNet', depth=18, base_channels=4), dict(head, num_classes=3), saw_labels=saw_labels)
    assert read_source(path).classifier is None
    write_checkpoint(path, dict(type='ResNet', depth=18, base_channels=4), dict(type='CAMHead', num_classes=3))
    assert read_source(path).classifier[0].shape == (3, 32)


def test_a_difference_is_an_error(tmp_path, stand_in, capsys):
    stand_in(eps=0.1)
    write_checkpoint(tmp_path / 'epoch_1.pth', dict(type='ResNet', depth=18))
    assert main(['export', str(tmp_path / 'epoch_1.pth'), str(tmp_path / 'out.pth'), '--to', 'torchvision']) == 1
    assert 'gives other outputs in torchvision than here' in capsys.readouterr().err


@pytest.mark.parametrize('found, message', [([torch.ones(2, 3)], r'shape \[\(2, 3\)\]'), ([torch.full((2, 2), 1.001)], 'by 0.001'),
                                            ([torch.full((2, 2), float('nan'))], 'by nan')])
def test_what_is_compared(found, message, stand_in):
    stand_in()
    with pytest.raises(ValueError, match=message):
        compare('torchvision', [torch.ones(2, 2)], lambda library: found)
    said = compare('torchvision', [torch.ones(2, 2)], lambda library: [torch.full((2, 2), 1 + 5e-5)])
    assert said == 'checked with torchvision plain: outputs equal to 5e-05, the largest of them is 1'


def test_without_the_library_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    write_checkpoint(tmp_path / 'epoch_1.pth', dict(type='ResNet', depth=18))
    said = export(tmp_path / 'epoch_1.pth', tmp_path / 'out.pth', 'timm')
    assert said.endswith('\nnot checked: timm is not installed')
    assert f"timm.create_model('resnet18', num_classes=0, checkpoint_path='{tmp_path / 'out.pth'}')" in said

    def broken(name):
        raise RuntimeError('operator torchvision::nms does not exist')
    monkeypatch.setattr(importlib, 'import_module', broken)
    said = export(tmp_path / 'epoch_1.pth', tmp_path / 'out.pth', 'torchvision')
    assert said.endswith('not checked: torchvision cannot be imported (RuntimeError: operator torchvision::nms does not exist)')


@pytest.mark.parametrize('to, out', [('torchvision', 'out.pth'), ('timm', 'out.pth'), ('huggingface', 'out')])
def test_what_fits_nothing_is_said_before_anything_is_written(to, out, tmp_path, capsys):
    write_checkpoint(tmp_path / 'epoch_1.pth', dict(type='ResNet', depth=18, base_channels=16, stem='cifar'),
                     dict(type='ClassificationHead', num_classes=3))
    assert main(['export', str(tmp_path / 'epoch_1.pth'), str(tmp_path / out), '--to', to]) == 1
    said = capsys.readouterr().err
    assert f'no network of {to} computes what this ResNet does' in said and "its stem is 'cifar'" in said
    assert ('its width is 16' in said) == (to != 'huggingface')  # whose networks have any width
    assert [path.name for path in tmp_path.iterdir()] == ['epoch_1.pth']


def test_settings_that_only_the_config_says(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    write_checkpoint(path, dict(type='ResNet', depth=18, strides=(1, 2, 1, 1)))
    with pytest.raises(ValueError, match=r'its strides are \(1, 2, 1, 1\)'):
        export(path, tmp_path / 'out.pth', 'timm')
    backbone = dict(type='VisionTransformer', arch='tiny', embed_dims=48, depth=1, image_size=32, out_type='map')
    write_checkpoint(path, backbone, dict(type='ClassificationHead', num_classes=3))
    assert (read_source(path).backbone['num_heads'], read_source(path).backbone['out_type']) == (3, 'average')


def test_files_of_others_without_a_config(tmp_path, stand_in):
    stand_in()
    theirs = PlainResNet(18).state_dict()
    torch.save({'state_dict': {f'module.encoder_q.{key}': value for key, value in theirs.items()}}, tmp_path / 'moco.pth.tar')
    said = export(tmp_path / 'moco.pth.tar', tmp_path / 'out.pth', 'torchvision')
    assert 'assumed, as the checkpoint keeps no config: the usual strides' in said and 'checked with' in said
    written = torch.load(tmp_path / 'out.pth')
    assert len(written) == 120 and all(torch.equal(value, theirs[key]) for key, value in written.items())


def test_a_hostile_config_in_a_checkpoint_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = PlainResNet(18).state_dict()
    torch.save(dict(state_dict=state, meta=dict(cfg="model = dict(backbone=open('ran', 'w'))")), 'hostile.pth')
    assert read_source('hostile.pth').config is None
    assert [path.name for path in tmp_path.iterdir()] == ['hostile.pth']


def test_wrong_calls(tmp_path, capsys):
    path = tmp_path / 'epoch_1.pth'
    write_checkpoint(path, dict(type='ResNet', depth=18))
    for arguments, message in (
            (['out.pth', '--to', 'keras'], '--to keras is unknown; choose one of torchvision, timm, huggingface, onnx'),
            (['out.bin', '--to', 'timm'], 'timm loads .pth, .pt and .safetensors files'),
            (['out.pth', '--to', 'timm', '--normalize'], '--normalize and --image-size are of --to onnx'),
            (['out.pth', '--to', 'onnx'], 'give OUT the ending .onnx')):
        assert main(['export', str(path), str(tmp_path / arguments[0]), *arguments[1:]]) == 1
        assert message in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ['epoch_1.pth']


def test_the_layouts_of_names_are_those_of_convert(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    write_checkpoint(path, dict(type='ResNet', depth=18, base_channels=4))
    for to, name in (('detectron2', 'out.pkl'), ('mmdet', 'out.pth')):
        assert 'not checked: the names alone are written' in export(path, tmp_path / name, to)
    assert torch.load(tmp_path / 'out.pth')['state_dict']['backbone.conv1.weight'].shape == (4, 3, 7, 7)


def test_training_goes_on_from_the_checkpoint(tmp_path, stand_in):
    """The file is as it was, bit for bit."""
    stand_in()
    write_checkpoint(tmp_path / 'epoch_1.pth', dict(type='ResNet', depth=18))
    before = (tmp_path / 'epoch_1.pth').read_bytes()
    state = torch.random.get_rng_state()
    export(tmp_path / 'epoch_1.pth', tmp_path / 'out.pth', 'torchvision')
    assert (tmp_path / 'epoch_1.pth').read_bytes() == before and torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize('name', ['simclr/simclr_r18_1xb64-cos-100e_folder.py', 'moco/moco_v2_r50_1xb64-cos-100e_folder.py'])
def test_the_photo_recipes_of_standard_networks_fit(name, tmp_path, stand_in):
    stand_in()
    cfg = load_config(f'mmwsl::selfsup/{name}', {'model.queue.length': 64} if 'moco' in name else None)
    model, _ = build_model(cfg, device='cpu')
    torch.save(dict(state_dict=model.state_dict(), meta=dict(cfg=cfg.pretty_text, saw_labels=False)), tmp_path / 'epoch_1.pth')
    said = export(tmp_path / 'epoch_1.pth', tmp_path / 'out.pth', 'torchvision')
    assert f'torchvision.models.resnet{cfg.model.backbone.depth}()' in said and 'assumed' not in said
    assert 'checked with torchvision plain' in said


BACKBONES = [
    dict(type='ResNet', depth=18), dict(type='ResNet', depth=50), dict(type='VisionTransformer', arch='small', depth=3),
    dict(type='VisionTransformer', arch='tiny', depth=2, num_heads=6, patch_size=8, image_size=64, out_type='map'),
    dict(type='SwinTransformer', depths=(2, 2), num_heads=(3, 6)),
    dict(type='SwinTransformer', embed_dims=32, depths=(2, 2), num_heads=(2, 4), window_size=4, patch_size=2)]


PAIRS = [(backbone, to) for backbone in BACKBONES for to in ('torchvision', 'timm', 'huggingface')
         if backbone['type'] == 'ResNet' or to != 'torchvision']
PAIRS += [(dict(type='EfficientNetLite', arch=arch), 'timm') for arch in ('lite0', 'lite1', 'lite2')]


@pytest.mark.parametrize('backbone, to', PAIRS, ids=lambda each: each if isinstance(each, str) else each['type'])
def test_the_libraries_themselves(backbone, to, tmp_path):
    """Loaded strictly, or with a report of what is missing, and compared, by the command's own check."""
    package = dict(huggingface='transformers').get(to, to)
    pytest.importorskip(package, reason=f'{package} is not installed', exc_type=ImportError)
    write_checkpoint(tmp_path / 'epoch_1.pth', backbone, dict(type='ClassificationHead', num_classes=3, init_std=1.0))
    for out in dict(huggingface=['out']).get(to, ['out.pth', 'out.safetensors']):
        said = export(tmp_path / 'epoch_1.pth', tmp_path / out, to)
        assert f'checked with {package}' in said and ('with the classifier of 3 classes' in said) == (to != 'huggingface')


@torch.no_grad()
def test_a_folder_of_hugging_face(tmp_path, monkeypatch):
    """Its files, also where neither transformers nor safetensors is installed."""
    monkeypatch.setitem(sys.modules, 'transformers', None)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None if name == 'safetensors' else find(name))
    backbone = dict(type='VisionTransformer', arch='tiny', depth=1, image_size=32)
    write_checkpoint(tmp_path / 'epoch_1.pth', backbone, dict(type='ClassificationHead', num_classes=3))
    said = export(tmp_path / 'epoch_1.pth', tmp_path / 'out', 'huggingface')
    assert said.endswith('not checked: transformers is not installed')
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['config.json', 'pytorch_model.bin']
    assert json.loads((tmp_path / 'out' / 'config.json').read_text())['model_type'] == 'vit'
    assert torch.load(tmp_path / 'out' / 'pytorch_model.bin')['embeddings.cls_token'].shape == (1, 1, 192)
