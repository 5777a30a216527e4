"""Checkpoints of other projects, imitated key by key from their own formats."""

import pytest
import torch

from mmwsl.checkpoints.names import check_known, find_backbone, our_names, their_names
from mmwsl.registry import MODELS


@pytest.fixture(scope='module')
def resnet():
    return MODELS.build(dict(type='ResNet', depth=50, base_channels=4)).state_dict()


def prefixed(state, prefix):
    return {prefix + key: value for key, value in state.items()}


def layouts(state):
    """What the files of each project hold, beside heads that must not come along."""
    head = {'fc.weight': torch.ones(2, 2)}
    return dict(
        mmwsl=dict(state_dict=prefixed(state, 'backbone.') | prefixed(head, 'head.'), meta=dict(epoch=3)),
        openselfsup_moco=dict(state_dict=prefixed(state, 'encoder_q.0.') | prefixed(state, 'backbone.')),
        moco=dict(epoch=200, arch='resnet50', state_dict=prefixed(state, 'module.encoder_q.')
                  | {'module.encoder_k.conv1.weight': torch.zeros(1), 'module.queue': torch.zeros(2, 2)}),
        moco_v3=dict(state_dict=prefixed(state, 'module.base_encoder.')
                     | prefixed(state, 'module.momentum_encoder.')),
        simsiam=dict(state_dict=prefixed(state, 'module.encoder.') | {'module.predictor.0.weight': torch.ones(1)}),
        dino=dict(student=prefixed({key: value + 1 for key, value in state.items()}, 'module.backbone.'),
                  teacher=prefixed(state, 'backbone.') | {'head.last_layer.weight': torch.ones(1)}, epoch=100),
        barlow_twins=dict(model=prefixed(state, 'module.backbone.')),
        swav=prefixed(state, 'module.') | {'module.prototypes.weight': torch.ones(1)},
        solo_learn=dict(state_dict=prefixed(state, 'backbone.') | prefixed(state, 'momentum_backbone.')),
        vissl=dict(classy_state_dict=dict(base_model=dict(model=dict(
            trunk=prefixed(state, '_feature_blocks.'), heads=prefixed(head, '0.clf.'))))),
        torchvision=state | head,
        detectron2=dict(model={key: value.numpy() for key, value in their_names(state, 'detectron2').items()}),
    )


@pytest.mark.parametrize('name', list(layouts({'layer1.0.conv1.weight': torch.zeros(1)})))
def test_the_backbone_is_found_in_every_layout(resnet, name):
    found, layout = find_backbone(layouts(resnet)[name])
    wanted = {key for key in resnet if name != 'detectron2' or not key.endswith('num_batches_tracked')}
    assert wanted <= set(found) and not any(key.startswith(('backbone.', 'module.')) for key in found)
    for key in wanted:
        assert torch.equal(torch.as_tensor(found[key]), resnet[key]), key
    who = dict(openselfsup_moco='OpenSelfSup', moco='MoCo', moco_v3='MoCo v3', simsiam='SimSiam', dino='DINO',
               barlow_twins='Barlow Twins', swav='SwAV', solo_learn='solo-learn', vissl='VISSL').get(name, name)
    assert who in layout


def test_detectron2_keeps_the_last_stage_of_a_c4_detector_in_its_heads(resnet):
    named = their_names(resnet, 'detectron2')
    file = {f'roi_heads.{key}' if key.startswith('res5') else f'backbone.{key}': value for key, value in named.items()}
    found, _ = find_backbone(dict(model=file | {'roi_heads.box_predictor.cls_score.weight': torch.ones(1)}))
    assert {key for key in resnet if not key.endswith('num_batches_tracked')} == set(found)
    assert torch.equal(found['layer4.2.bn3.weight'], resnet['layer4.2.bn3.weight'])


def test_detectron2_names_by_hand(resnet):
    names = their_names(resnet, 'detectron2')
    assert torch.equal(names['stem.conv1.weight'], resnet['conv1.weight'])
    assert torch.equal(names['stem.conv1.norm.running_mean'], resnet['bn1.running_mean'])
    assert torch.equal(names['res2.0.shortcut.weight'], resnet['layer1.0.downsample.0.weight'])
    assert torch.equal(names['res2.0.shortcut.norm.bias'], resnet['layer1.0.downsample.1.bias'])
    assert torch.equal(names['res5.2.conv3.norm.weight'], resnet['layer4.2.bn3.weight'])
    assert len(names) == 265  # 53 convolutions with 5 tensors each


@pytest.mark.parametrize('layout', ['mmwsl', 'torchvision', 'timm', 'mmdet', 'detectron2'])
def test_there_and_back(resnet, layout):
    back, _ = find_backbone(their_names(resnet, layout))
    assert set(back) == {key for key in resnet if layout != 'detectron2' or not key.endswith('num_batches_tracked')}
    assert all(torch.equal(back[key], resnet[key]) for key in back)


def test_vit_of_mmpretrain():
    vit = MODELS.build(dict(type='VisionTransformer', embed_dims=16, depth=2, num_heads=2, image_size=16)).state_dict()
    theirs = {}
    for key, value in vit.items():
        key = key.replace('patch_embed.proj', 'patch_embed.projection').replace('blocks.', 'layers.')
        key = key.replace('.norm1.', '.ln1.').replace('.norm2.', '.ln2.').replace('mlp.fc1', 'ffn.layers.0.0')
        theirs[key.replace('mlp.fc2', 'ffn.layers.1').replace('norm.', 'ln1.') if key.startswith('norm.')
               else key.replace('mlp.fc2', 'ffn.layers.1')] = value
    assert {'layers.1.ffn.layers.0.0.weight', 'layers.0.ln2.bias', 'ln1.weight', 'cls_token'} <= set(theirs)
    assert set(our_names(theirs)) == set(vit)
    assert set(find_backbone(dict(model=vit | {'decoder_embed.weight': torch.ones(1)}))[0]) > set(vit)  # MAE


def test_swin_of_timm():
    """timm merges patches before a stage, the authors after it."""
    swin = MODELS.build(dict(type='SwinTransformer', embed_dims=16, depths=(1, 1, 1), num_heads=(1, 2, 4), window_size=2,
                             patch_size=2)).state_dict()
    theirs = their_names(swin, 'timm')
    assert 'layers.1.downsample.reduction.weight' in theirs and 'layers.0.downsample.reduction.weight' not in theirs
    assert torch.equal(theirs['layers.2.downsample.norm.bias'], swin['layers.1.downsample.norm.bias'])
    assert set(our_names(theirs)) == set(swin) and set(our_names(swin)) == set(swin)
    simmim = dict(model=prefixed(swin, 'encoder.') | {'decoder.0.weight': torch.ones(1)})
    assert set(find_backbone(simmim)[0]) == set(swin)


def test_what_has_no_weights_or_no_names(resnet):
    for content in ({}, dict(state_dict={}), dict(epoch=3), dict(state_dict=dict(a='b'))):
        with pytest.raises(ValueError, match='no weights found'):
            find_backbone(content)
    with pytest.raises(ValueError, match="layout 'caffe' is unknown"):
        their_names(resnet, 'caffe')
    with pytest.raises(ValueError, match='written for ResNets'):
        their_names({'blocks.0.norm1.weight': torch.ones(1)}, 'detectron2')


@pytest.mark.parametrize('norm', [False, True])
def test_vgg16_of_torchvision(norm):
    """Its layers are numbered through: 13 convolutions with ReLU, perhaps BN, and a pooling behind each stage."""
    net = MODELS.build(dict(type='VGG16', norm_cfg=dict(type='BN') if norm else None))
    state, theirs, number = net.state_dict(), {}, 0
    for stage, count in enumerate((2, 2, 3, 3, 3), start=1):
        for place in range(1, count + 1):
            for key, value in state.items():
                if key.startswith(f'conv{stage}_{place}.'):
                    _, layer, parameter = key.split('.')
                    theirs[f'features.{number + int(layer)}.{parameter}'] = value
            number += 3 if norm else 2
        number += 1
    assert max(int(key.split('.')[1]) for key in theirs) == (41 if norm else 28)  # as torchvision's files end
    found, _ = find_backbone(theirs | {'classifier.0.weight': torch.ones(2, 2)})
    assert all(torch.equal(found[key], value) for key, value in state.items())


def test_a_network_of_another_number_of_convolutions_is_no_vgg16():
    theirs = {f'features.{number}.weight': torch.zeros(2, 2, 3, 3) for number in range(5)}
    assert our_names(theirs) == theirs


def shifted(state):
    return {key: value + 1 for key, value in state.items()}


@pytest.mark.parametrize('name, make', [
    ('student and teacher', lambda state: prefixed(shifted(state), 'student.backbone.')
     | prefixed(state, 'teacher.backbone.') | {'student.head.weight': torch.ones(2, 2)}),
    ('dicts of both', lambda state: dict(student=shifted(state), teacher=state, epoch=3)),
    ('compiled', lambda state: prefixed(state, '_orig_mod.backbone.')),
    ('compiled inside, with DDP', lambda state: dict(model=prefixed(state, 'module.backbone._orig_mod.'))),
    ('compiled, bare', lambda state: prefixed(state, '_orig_mod.')),
    ('another prefix', lambda state: dict(net=prefixed(state, 'encoder_online.trunk.'), epoch=3)),
    ('a sequence', lambda state: in_sequence(state, (0, 1, 4, 5, 6, 7)) | {'9.weight': torch.ones(2, 2)}),
    ('a sequence without pooling', lambda state: prefixed(in_sequence(state, (0, 1, 3, 4, 5, 6)), 'backbone.')),
])
def test_backbones_behind_other_names(resnet, name, make):
    found, layout = find_backbone(make(resnet))
    assert {key for key in found if not key.startswith('fc.')} == set(resnet)
    assert all(torch.equal(found[key], value) for key, value in resnet.items())


def in_sequence(state, numbers):
    """As ``nn.Sequential(*children)`` names a ResNet: without ReLU and pooling there are no tensors."""
    places = dict(zip(('conv1', 'bn1', 'layer1', 'layer2', 'layer3', 'layer4'), numbers, strict=True))
    return {f'{places[key.split(".")[0]]}.{key.split(".", 1)[1]}': value for key, value in state.items()}


def test_several_networks_are_named(resnet):
    for file in (prefixed(resnet, 'left.') | prefixed(resnet, 'right.'), dict(left=resnet, right=resnet)):
        with pytest.raises(ValueError, match='several networks found, (at|under) left.*, right'):
            find_backbone(file)


def test_what_looks_like_no_backbone_is_said(resnet):
    check_known(resnet, resnet)
    check_known(['w'], ['backbone.w'])
    with pytest.raises(ValueError, match=r'no backbone found in its 2 tensors: a.b \(1\), c \(1\). Name the tensors'):
        check_known(['a.b.weight', 'c'], ['a.b.weight', 'c'])
