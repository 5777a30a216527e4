"""Backbones told from their tensors."""

import pytest

from mmwsl.checkpoints.describe import describe_backbone
from mmwsl.models.backbones import VGG16, CIFARResNet, EfficientNetLite, ResNet, SwinTransformer, VisionTransformer


@pytest.mark.parametrize('depth, settings', [(18, {}), (34, dict(base_channels=8)), (50, dict(base_channels=4, in_channels=1)),
                                             (101, dict(base_channels=4, stem='cifar')), (152, dict(base_channels=4))])
def test_resnets(depth, settings):
    expected = dict(type='ResNet', depth=depth, base_channels=64, stem='imagenet', in_channels=3) | settings
    assert describe_backbone(ResNet(depth, **settings).state_dict()) == expected


def test_vision_transformers():
    small = VisionTransformer('tiny', depth=2, image_size=32, patch_size=4, class_token=False, out_type='average', mlp_ratio=2,
                              layer_scale=1.0, in_channels=1)
    assert describe_backbone(small.state_dict()) == dict(
        type='VisionTransformer', embed_dims=192, depth=2, num_heads=3, image_size=32, patch_size=4, in_channels=1,
        mlp_ratio=2, class_token=False, out_type='average', layer_scale=1e-5)
    described = describe_backbone(VisionTransformer('small', depth=1).state_dict())
    assert (described['num_heads'], described['image_size'], described['out_type'], described['layer_scale']) == (
        6, 224, 'class', None)


def test_swins():
    assert describe_backbone(SwinTransformer().state_dict()) == dict(
        type='SwinTransformer', embed_dims=96, in_channels=3, patch_size=4, window_size=7, image_size=224,
        depths=(2, 2, 6, 2), num_heads=(3, 6, 12, 24), mlp_ratio=4)
    small = SwinTransformer(embed_dims=16, depths=(1, 2), num_heads=(1, 2), window_size=4, patch_size=2, mlp_ratio=2)
    described = describe_backbone(small.state_dict())
    assert (described['depths'], described['num_heads'], described['window_size'], described['image_size']) == (
        (1, 2), (1, 2), 4, 16)


@pytest.mark.parametrize('arch', EfficientNetLite.SCALES)
def test_efficientnet_lites(arch):
    state = EfficientNetLite(arch, in_channels=2).state_dict()
    assert describe_backbone(state) == dict(type='EfficientNetLite', arch=arch, in_channels=2)


@pytest.mark.parametrize('make', [VGG16, lambda: CIFARResNet(8)])
def test_others_are_not_taken_for_them(make):
    assert describe_backbone(make().state_dict()) is None


def test_a_deeper_stem_or_other_blocks_are_no_resnet_of_ours():
    state = ResNet(18, base_channels=4).state_dict()
    assert describe_backbone({key: value for key, value in state.items() if not key.startswith('layer3.1')}) is None
    wide = dict(state)
    wide['layer1.0.conv1.weight'] = state['layer1.0.conv1.weight'].repeat(2, 1, 1, 1)
    assert describe_backbone(wide) is None
