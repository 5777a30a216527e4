"""Which network of a public library a backbone of ours is, and what is in the way where it is none."""

from collections.abc import Iterator, Mapping
from typing import Any

_KINDS = dict(torchvision=('ResNet',), huggingface=('ResNet', 'VisionTransformer', 'SwinTransformer'),
              timm=('ResNet', 'VisionTransformer', 'SwinTransformer', 'EfficientNetLite'))
# channels, blocks, heads
_VITS: dict[tuple[Any, ...], str] = {(192, 12, 3): 'tiny', (384, 12, 6): 'small', (768, 12, 12): 'base'}
_SWINS: dict[tuple[Any, ...], str] = {
    (96, (2, 2, 6, 2), (3, 6, 12, 24)): 'tiny', (96, (2, 2, 18, 2), (3, 6, 12, 24)): 'small',
    (128, (2, 2, 18, 2), (4, 8, 16, 32)): 'base'}


def check_public(backbone: Mapping[str, Any] | None, library: str) -> None:
    """Raise ValueError, which names everything that is in the way, unless a network of ``library`` computes the same.

    Args:
        backbone: config of the backbone with all that differs from the defaults of its class; None where it is of
            another kind than :func:`mmwsl.checkpoints.describe.describe_backbone` knows.
        library: ``'torchvision'``, ``'timm'`` or ``'huggingface'``.
    """
    known = _KINDS[library]
    if backbone is None or backbone['type'] not in known:
        kind = None if backbone is None else backbone['type']
        others = ''.join(f', or {other}' for other, kinds in _KINDS.items() if kind in kinds)
        raise ValueError(f'--to {library} is written for {", ".join(known)}, and {kind or "this backbone"} is none of '
                         f'them; choose --to onnx, which takes any backbone{others}')
    wrong = list(_misfits(backbone, library))
    if wrong:
        raise ValueError(f'no network of {library} computes what this {backbone["type"]} does: {"; ".join(wrong)}. '
                         'Train a config with a standard one (docs/export.md names some), or choose --to onnx, which '
                         'takes any backbone')


def _misfits(backbone: Mapping[str, Any], library: str) -> Iterator[str]:
    if backbone['type'] in ('ResNet', 'EfficientNetLite'):
        usual_strides, usual_eps = ((1, 2, 2, 2), 1e-5) if backbone['type'] == 'ResNet' else ((2, 2, 2, 2), 1e-3)
        for name, usual in (('strides', usual_strides), ('dilations', (1, 1, 1, 1))):
            if tuple(backbone.get(name, usual)) != usual:
                yield f'its {name} are {tuple(backbone[name])}, theirs {usual}'
        eps = (backbone.get('norm_cfg') or {}).get('eps', usual_eps)
        if eps != usual_eps:
            yield f'the eps of its norms is {eps}, theirs {usual_eps}'
    if backbone['type'] == 'ResNet':
        if backbone['stem'] != 'imagenet':
            yield f'its stem is {backbone["stem"]!r} (3 x 3, no pooling), theirs 7 x 7 with stride 2 and pooling'
        if backbone['base_channels'] != 64 and library != 'huggingface':
            yield f'its width is {backbone["base_channels"]} (base_channels), theirs 64'
        if backbone['in_channels'] != 3 and library == 'torchvision':
            yield f'its images have {backbone["in_channels"]} channels, theirs 3'
    if backbone['type'] == 'VisionTransformer' and library == 'huggingface':
        if not backbone['class_token']:
            yield 'it has no class token, their ViT does'
        if backbone['layer_scale'] is not None:
            yield 'it has a layer scale, their ViT none'


def torchvision_network(backbone: Mapping[str, Any]) -> str:
    """Name in ``torchvision.models`` of a ResNet."""
    return f'resnet{backbone["depth"]}'


def timm_network(backbone: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and further arguments of ``timm.create_model``, those that differ from the name's own, for a backbone.

    A vision transformer without class token, or whose tokens are averaged, needs ``global_pool``.
    """
    channels = {} if backbone['in_channels'] == 3 else dict(in_chans=backbone['in_channels'])
    if backbone['type'] == 'ResNet':
        return f'resnet{backbone["depth"]}', channels
    if backbone['type'] == 'EfficientNetLite':
        return f'tf_efficientnet_{backbone["arch"]}', channels
    if backbone['type'] == 'SwinTransformer':
        own: tuple[Any, ...] = (backbone['embed_dims'], tuple(backbone['depths']), tuple(backbone['num_heads']))
        arch = _SWINS.get(own)
        name, usual = f'swin_{arch or "tiny"}_patch4_window7_224', dict(patch_size=4, window_size=7, mlp_ratio=4.0)
        settings = {key: backbone[key] for key, value in usual.items() if backbone[key] != value}
        if arch is None:
            settings.update(embed_dim=own[0], depths=own[1], num_heads=own[2])
        if backbone['image_size'] != 224:
            settings['img_size'] = backbone['image_size']
        return name, {**channels, **settings}
    own = (backbone['embed_dims'], backbone['depth'], backbone['num_heads'])
    arch = _VITS.get(own)
    settings = dict(channels)
    if arch is None:
        settings.update(embed_dim=own[0], depth=own[1], num_heads=own[2])
    if backbone['patch_size'] != 16:
        settings['patch_size'] = backbone['patch_size']
    if backbone['image_size'] != 224:
        settings['img_size'] = backbone['image_size']
    if backbone['mlp_ratio'] != 4:
        settings['mlp_ratio'] = backbone['mlp_ratio']
    if backbone['layer_scale'] is not None:
        settings['init_values'] = backbone['layer_scale']
    if not backbone['class_token']:
        settings['class_token'] = False
    if backbone['out_type'] != 'class':
        settings.update(global_pool='avg', fc_norm=False)
    return f'vit_{arch or "small"}_patch16_224', settings


def classifier_name(backbone: Mapping[str, Any], library: str) -> str | None:
    """What ``library`` calls the linear classifier of a backbone; None where it has none on the same feature."""
    if backbone['type'] == 'ResNet':
        return 'fc' if library in ('torchvision', 'timm') else None
    if library != 'timm':
        return None
    return dict(VisionTransformer='head', SwinTransformer='head.fc', EfficientNetLite='classifier')[backbone['type']]
