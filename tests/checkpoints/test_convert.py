"""Backbones in and out, as a user does it."""

import argparse
import pickle

import pytest
import torch

from mmwsl.apis import build_model, load_config, read_backbone
from mmwsl.cli import main
from mmwsl.registry import MODELS

CONFIG = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py'


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A checkpoint of ours with weights that nobody else has."""
    model, _ = build_model(load_config(CONFIG, {'randomness.seed': 5}), device='cpu')
    path = tmp_path_factory.mktemp('trained') / 'epoch_1.pth'
    torch.save(dict(state_dict=model.state_dict(), meta=dict(epoch=1)), path)
    return path, model.backbone.state_dict()


@pytest.mark.parametrize('layout', ['mmwsl', 'torchvision', 'mmdet', 'timm'])
def test_what_is_written_loads_as_a_checkpoint(trained, tmp_path, layout):
    path, weights = trained
    out = tmp_path / 'deep' / 'out.pth'
    assert main(['convert', str(path), str(out), '--to', layout]) == 0
    model, _ = build_model(load_config(CONFIG), str(out), device='cpu')
    assert all(torch.equal(value, weights[key]) for key, value in model.backbone.state_dict().items())


def test_detectron2(trained, tmp_path, capsys):
    path, weights = trained
    out = tmp_path / 'out.pkl'
    assert main(['convert', str(path), str(out), '--to', 'detectron2']) == 0
    assert 'tensors of the backbone written' in capsys.readouterr().out
    content = pickle.loads(out.read_bytes())
    assert content['matching_heuristics'] and content['model']['stem.conv1.weight'].shape == weights['conv1.weight'].shape
    state, layout = read_backbone(out, trust=True)
    assert 'detectron2' in layout and torch.equal(state['layer4.1.bn2.bias'], weights['layer4.1.bn2.bias'])
    assert main(['convert', str(path), str(tmp_path / 'out.pth'), '--to', 'detectron2']) == 1
    assert 'detectron2 reads .pkl files' in capsys.readouterr().err


def test_a_moco_file_is_judged_without_conversion(trained, tmp_path):
    path, weights = trained
    theirs = tmp_path / 'moco.pth.tar'
    torch.save(dict(epoch=1, args=argparse.Namespace(lr=0.03), state_dict={
        **{f'module.encoder_q.{key}': value for key, value in weights.items()},
        **{f'module.encoder_k.{key}': value * 0 for key, value in weights.items()}}), theirs)
    model, meta = build_model(load_config(CONFIG), str(theirs), device='cpu')
    assert all(torch.equal(value, weights[key]) for key, value in model.backbone.state_dict().items()) and meta == {}


def test_bad_files(trained, tmp_path, capsys):
    out = str(tmp_path / 'out.pth')
    (tmp_path / 'empty.pth').write_bytes(b'')
    torch.save(dict(state_dict={}), tmp_path / 'nothing.pth')
    other = tmp_path / 'other.pth'
    torch.save({'conv1.weight': torch.zeros(64, 3, 7, 7)}, other)
    for name, message in (('none.pth', 'does not exist'), ('empty.pth', 'is not readable'),
                          ('nothing.pth', 'nothing.pth: no weights found')):
        assert main(['convert', str(tmp_path / name), out]) == 1
        assert message in capsys.readouterr().err
    assert main(['convert', str(trained[0]), out, '--to', 'caffe']) == 1
    assert "layout 'caffe' is unknown" in capsys.readouterr().err
    with pytest.raises(ValueError, match='another shape|keys of the backbone are missing'):
        build_model(load_config(CONFIG), str(other), device='cpu')


def test_convert_says_what_it_leaves(trained, tmp_path, capsys):
    path, weights = trained
    theirs, out = tmp_path / 'theirs.pth', tmp_path / 'out.pth'
    torch.save({**{f'_orig_mod.{key}': value for key, value in weights.items()}, '_orig_mod.fc.weight': torch.ones(2, 2)},
               theirs)
    assert main(['convert', str(theirs), str(out)]) == 0
    assert f'{len(weights)} tensors of the backbone written' in (said := capsys.readouterr().out)
    assert '1 other tensors left out (fc.weight)' in said
    assert set(torch.load(out)['state_dict']) == {f'backbone.{key}' for key in weights}
    torch.save({'a.weight': torch.ones(2), 'b': torch.ones(3)}, theirs)
    assert main(['convert', str(theirs), str(tmp_path / 'none.pth')]) == 1
    assert 'no backbone found in its 2 tensors: a.weight (1), b (1)' in capsys.readouterr().err
    assert not (tmp_path / 'none.pth').exists()


def test_a_whole_network_of_a_trusted_file(trained, tmp_path):
    network = torch.nn.Sequential()
    network.add_module('layer1', torch.nn.Sequential(torch.nn.Linear(2, 3)))
    torch.save(network, tmp_path / 'network.pth')
    state, _ = read_backbone(tmp_path / 'network.pth', trust=True)
    assert torch.equal(state['layer1.0.weight'], network.layer1[0].weight)


@pytest.mark.parametrize('key', ['layer1.0.gamma', 'layer4.2.conv1.weight', 'register_token'])
def test_layers_that_the_network_lacks_are_an_error(trained, tmp_path, key):
    path, weights = trained
    for prefix in ('', 'backbone.'):
        torch.save({f'{prefix}{name}': value for name, value in [*weights.items(), (key, torch.ones(3))]},
                   tmp_path / 'more.pth')
        with pytest.raises(ValueError, match=f'lacks .backbone.{key}.'):
            build_model(load_config(CONFIG), tmp_path / 'more.pth', device='cpu')


def test_batch_norm_that_the_network_lacks_is_an_error(tmp_path):
    """torchvision's VGG16-BN for a VGG16: its convolutions alone would load, and give something else."""
    backbone = dict(type='VGG16', norm_cfg=dict(type='BN'))
    state = MODELS.build(backbone).state_dict()
    torch.save({f'backbone.{key}': value for key, value in state.items()}, tmp_path / 'vgg16_bn.pth')
    config = load_config(CONFIG, {'model.backbone': dict(backbone, norm_cfg=None, _delete_=True)})
    with pytest.raises(ValueError, match='52 tensors that the one of the config lacks'):
        build_model(config, tmp_path / 'vgg16_bn.pth', device='cpu')
