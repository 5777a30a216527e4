"""What a backbone is, told from the names and shapes of its tensors."""

import re
from collections.abc import Mapping
from typing import Any

_RESNETS: dict[tuple[bool, tuple[int, ...]], int] = {  # bottlenecks or not, blocks of the stages
    (False, (2, 2, 2, 2)): 18, (False, (3, 4, 6, 3)): 34, (True, (3, 4, 6, 3)): 50, (True, (3, 4, 23, 3)): 101,
    (True, (3, 8, 36, 3)): 152}
_LITES = {(16, 320): 'lite0', (21, 320): 'lite1', (21, 352): 'lite2'}  # blocks, channels of the last one
HEAD_WIDTH = 64  # of vision transformers, whose tensors do not say how many heads there are


def describe_backbone(state: Mapping[str, Any]) -> dict[str, Any] | None:
    """The config of a ResNet, vision transformer, Swin or EfficientNet-Lite, as far as tensors say it; None of others.

    Strides, dilations and the epsilon of norms leave no trace in tensors, nor do the heads of a vision transformer: one
    for every 64 channels is assumed.

    Args:
        state: of the backbone, under our names (:func:`mmwsl.checkpoints.names.our_names`).
    """
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    if {'conv1.weight', 'layer4.0.conv1.weight'} <= shapes.keys():
        return _resnet(shapes)
    if 'patch_embed.proj.weight' in shapes and 'blocks.0.attn.qkv.weight' in shapes and 'pos_embed' in shapes:
        return _vit(shapes)
    if {'patch_embed.norm.weight', 'layers.0.blocks.0.attn.relative_position_bias_table'} <= shapes.keys():
        return _swin(shapes)
    if {'conv_stem.weight', 'conv_head.weight', 'block0.depthwise_conv.weight'} <= shapes.keys():
        arch = _LITES.get((_count(shapes, r'block(\d+)\.'), shapes['conv_head.weight'][1]))
        channels = shapes['conv_stem.weight'][1]
        return None if arch is None else dict(type='EfficientNetLite', arch=arch, in_channels=channels)
    return None


def _count(shapes: Mapping[str, Any], pattern: str) -> int:
    """How many numbers stand where ``pattern`` has its group."""
    return len({match[1] for match in map(re.compile(pattern).match, shapes) if match})


def _resnet(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any] | None:
    counts = tuple(_count(shapes, rf'layer{stage}\.(\d+)\.conv1\.') for stage in (1, 2, 3, 4))
    depth = _RESNETS.get(('layer1.0.conv3.weight' in shapes, counts))
    width, channels, kernel, _ = shapes['conv1.weight']
    if depth is None or kernel not in (3, 7) or shapes['layer1.0.conv1.weight'][0] != width:
        return None
    return dict(type='ResNet', depth=depth, base_channels=width, stem='imagenet' if kernel == 7 else 'cifar',
                in_channels=channels)


def _vit(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    width, channels, patch, _ = shapes['patch_embed.proj.weight']
    has_class = 'cls_token' in shapes
    side = round((shapes['pos_embed'][1] - has_class)**0.5)
    hidden = shapes['blocks.0.mlp.fc1.weight'][0]
    return dict(type='VisionTransformer', embed_dims=width, depth=_count(shapes, r'blocks\.(\d+)\.'),
                num_heads=max(width // HEAD_WIDTH, 1), image_size=side * patch, patch_size=patch, in_channels=channels,
                mlp_ratio=hidden / width, class_token=has_class, out_type='class' if has_class else 'average',
                layer_scale=1e-5 if 'blocks.0.ls1.gamma' in shapes else None)


def _swin(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    width, channels, patch, _ = shapes['patch_embed.proj.weight']
    stages = _count(shapes, r'layers\.(\d+)\.blocks\.')
    tables = [shapes[f'layers.{stage}.blocks.0.attn.relative_position_bias_table'] for stage in range(stages)]
    window = (round(tables[0][0]**0.5) + 1) // 2
    return dict(type='SwinTransformer', embed_dims=width, in_channels=channels, patch_size=patch, window_size=window,
                image_size=patch * 2**(stages - 1) * window,  # whose last map is one window, as published
                depths=tuple(_count(shapes, rf'layers\.{stage}\.blocks\.(\d+)\.') for stage in range(stages)),
                num_heads=tuple(heads for _, heads in tables),
                mlp_ratio=shapes['layers.0.blocks.0.mlp.fc1.weight'][0] / width)
