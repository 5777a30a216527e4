"""What fits a public network, and what is said where nothing does."""

import pytest

from mmwsl.checkpoints.public import check_public, classifier_name, timm_network, torchvision_network

RESNET = dict(type='ResNet', depth=50, base_channels=64, stem='imagenet', in_channels=3)
VIT = dict(type='VisionTransformer', embed_dims=384, depth=12, num_heads=6, image_size=224, patch_size=16, in_channels=3,
           mlp_ratio=4.0, class_token=True, out_type='class', layer_scale=None)
SWIN = dict(type='SwinTransformer', embed_dims=96, in_channels=3, patch_size=4, window_size=7, image_size=224,
            depths=(2, 2, 6, 2), num_heads=(3, 6, 12, 24), mlp_ratio=4.0)


@pytest.mark.parametrize('library', ['torchvision', 'timm', 'huggingface'])
def test_standard_networks_fit(library):
    check_public(RESNET, library)
    if library == 'torchvision':
        with pytest.raises(ValueError, match='VisionTransformer is none of them; choose --to onnx.*, or huggingface, or timm'):
            check_public(VIT, library)
    else:
        check_public(VIT, library)
        check_public(SWIN, library)


@pytest.mark.parametrize('change, libraries, message', [
    (dict(base_channels=16), ('torchvision', 'timm'), r'its width is 16 \(base_channels\), theirs 64'),
    (dict(stem='cifar'), ('torchvision', 'timm', 'huggingface'), r"its stem is 'cifar' \(3 x 3, no pooling\)"),
    (dict(strides=(1, 2, 1, 1)), ('torchvision', 'timm', 'huggingface'), r'its strides are \(1, 2, 1, 1\)'),
    (dict(dilations=(1, 1, 2, 4)), ('torchvision', 'timm', 'huggingface'), r'its dilations are \(1, 1, 2, 4\)'),
    (dict(norm_cfg=dict(type='BN', eps=1e-3)), ('torchvision', 'timm', 'huggingface'), 'the eps of its norms is 0.001'),
    (dict(in_channels=1), ('torchvision',), 'its images have 1 channels'),
])
def test_what_is_in_the_way_of_a_resnet(change, libraries, message):
    for library in ('torchvision', 'timm', 'huggingface'):
        if library in libraries:
            with pytest.raises(ValueError, match=f'no network of {library} computes.*{message}.*choose --to onnx'):
                check_public(RESNET | change, library)
        else:
            check_public(RESNET | change, library)


def test_everything_in_the_way_is_named_at_once():
    with pytest.raises(ValueError, match='its stem is .*; its width is 16'):
        check_public(RESNET | dict(stem='cifar', base_channels=16), 'timm')
    with pytest.raises(ValueError, match='no class token.*; it has a layer scale'):
        check_public(VIT | dict(class_token=False, layer_scale=1e-5), 'huggingface')
    with pytest.raises(ValueError, match='this backbone is none of them'):
        check_public(None, 'timm')
    lite = dict(type='EfficientNetLite', arch='lite0', in_channels=3)
    check_public(lite, 'timm')
    with pytest.raises(ValueError, match='EfficientNetLite is none of them; choose --to onnx, which takes any backbone, or timm$'):
        check_public(lite, 'huggingface')
    with pytest.raises(ValueError, match=r'its strides are \(2, 2, 2, 1\), theirs \(2, 2, 2, 2\); the eps of its norms is 1e-05'):
        check_public(lite | dict(strides=(2, 2, 2, 1), norm_cfg=dict(type='BN', eps=1e-5)), 'timm')


def test_names():
    assert torchvision_network(RESNET) == 'resnet50'
    assert timm_network(RESNET | dict(in_channels=1)) == ('resnet50', dict(in_chans=1))
    assert timm_network(VIT) == ('vit_small_patch16_224', {})
    assert timm_network(VIT | dict(num_heads=12, patch_size=4, image_size=32, mlp_ratio=2)) == (
        'vit_small_patch16_224', dict(embed_dim=384, depth=12, num_heads=12, patch_size=4, img_size=32, mlp_ratio=2))
    assert timm_network(VIT | dict(class_token=False, out_type='average', layer_scale=1e-5)) == (
        'vit_small_patch16_224', dict(init_values=1e-5, class_token=False, global_pool='avg', fc_norm=False))
    assert timm_network(SWIN) == ('swin_tiny_patch4_window7_224', {})
    assert timm_network(SWIN | dict(window_size=6, image_size=192)) == (
        'swin_tiny_patch4_window7_224', dict(window_size=6, img_size=192))
    assert timm_network(dict(type='EfficientNetLite', arch='lite1', in_channels=3)) == ('tf_efficientnet_lite1', {})
    names = [classifier_name(each, 'timm') for each in (RESNET, VIT, SWIN)]
    assert names == ['fc', 'head', 'head.fc'] and classifier_name(RESNET, 'huggingface') is None
