"""Where other projects keep the backbone in a checkpoint, and what they call its parts.

Our names are those of torchvision (ResNet, Inception v3), timm (ViT), the Swin authors and the VGG authors. Functions
take and give state dicts.
"""

import re
from collections.abc import Iterable
from typing import Any

# The first of these prefixes that the file has is where the backbone is; behind it, who writes files so.
PREFIXES = (
    ('backbone.bottom_up.', 'detectron2 (FPN)'),
    ('backbone.', 'mmwsl, OpenSelfSup, MMSelfSup, mmdet, solo-learn, DINO, Barlow Twins, VICReg'),
    ('_feature_blocks.', 'VISSL'),
    ('encoder_q.', 'MoCo'),
    ('base_encoder.', 'MoCo v3'),
    ('encoder.', 'SimSiam, SimMIM, older solo-learn'),
    ('', 'torchvision, timm, MAE, SwAV, detectron2'),
)
LAYOUTS = ('mmwsl', 'torchvision', 'timm', 'mmdet', 'detectron2')

_MM_VIT = (  # of mmpretrain, and before it of MMSelfSup and mmcls
    (r'^patch_embed\.projection\.', 'patch_embed.proj.'),
    (r'^layers\.(\d+)\.ln([12])\.', r'blocks.\1.norm\2.'),
    (r'^layers\.(\d+)\.ffn\.layers\.0\.0\.', r'blocks.\1.mlp.fc1.'),
    (r'^layers\.(\d+)\.ffn\.layers\.1\.', r'blocks.\1.mlp.fc2.'),
    (r'^layers\.(\d+)\.attn\.(qkv|proj)\.', r'blocks.\1.attn.\2.'),
    (r'^(ln1|norm1)\.', 'norm.'),
)
_VGG16 = ('conv1_1', 'conv1_2', 'conv2_1', 'conv2_2', 'conv3_1', 'conv3_2', 'conv3_3', 'conv4_1', 'conv4_2', 'conv4_3',
          'conv5_1', 'conv5_2', 'conv5_3')


def find_backbone(checkpoint: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The backbone's state dict in a checkpoint of any layout of :data:`PREFIXES`, under our names.

    Args:
        checkpoint: what the file holds: a state dict, or a dict with one under ``state_dict``, ``model``, ``teacher``
            (DINO: the encoder its authors evaluate) or ``classy_state_dict`` (VISSL).

    Returns:
        tuple: state dict, and the layout in words.

    Raises:
        ValueError: there is no dict of tensors.
    """
    state = _unwrap(checkpoint)
    state = {key.removeprefix('module.'): value for key, value in state.items()}
    prefix, layout = next((prefix, who) for prefix, who in PREFIXES if any(key.startswith(prefix) for key in state))
    # MMSelfSup's MoCo once kept the encoder as number 0 of a sequence
    if prefix == 'encoder_q.' and any(key.startswith('encoder_q.0.') for key in state):
        prefix = 'encoder_q.0.'
    last = {key.removeprefix('roi_heads.'): value for key, value in state.items() if key.startswith('roi_heads.res5.')}
    state = {key[len(prefix):]: value for key, value in state.items() if key.startswith(prefix)}
    return our_names(state | last), layout  # detectron2's C4 detectors keep the last stage in the heads


def _unwrap(checkpoint: Any) -> dict[str, Any]:
    while isinstance(checkpoint, dict):
        if 'classy_state_dict' in checkpoint:
            checkpoint = checkpoint['classy_state_dict']['base_model']['model']['trunk']
            continue
        inner = next((checkpoint[key] for key in ('state_dict', 'model', 'teacher')
                      if isinstance(checkpoint.get(key), dict)), None)
        if inner is None:
            break
        checkpoint = inner
    if not isinstance(checkpoint, dict) or not any(hasattr(value, 'shape') for value in checkpoint.values()):
        raise ValueError('no weights found: a checkpoint is a dict of tensors, or holds one under state_dict, model, '
                         'teacher or classy_state_dict')
    return {key: value for key, value in checkpoint.items() if hasattr(value, 'shape')}


def our_names(state: dict[str, Any]) -> dict[str, Any]:
    """A backbone's state dict from the names of detectron2, mmpretrain or timm to ours; ours stay as they are.

    So does torchvision's VGG16, with BN or without.
    """
    if any(re.match(r'(stem|res\d)\.', key) for key in state):
        return {_from_detectron2(key): value for key, value in state.items()}
    if any(key.startswith('patch_embed.projection.') for key in state):
        for pattern, ours in _MM_VIT:
            state = {re.sub(pattern, ours, key): value for key, value in state.items()}
        return state
    convolutions = [key for key, value in state.items()
                    if re.fullmatch(r'features\.\d+\.weight', key) and value.ndim == 4]
    if len(convolutions) == len(_VGG16):
        return {_from_torchvision_vgg(key, convolutions): value for key, value in state.items()}
    stages = {int(match[1]) for match in map(re.compile(r'layers\.(\d+)\.').match, state) if match}
    if stages and f'layers.{max(stages)}.downsample.norm.weight' in state:  # timm's Swin merges before a stage
        return {_move_merging(key, -1): value for key, value in state.items()}
    return state


def their_names(state: dict[str, Any], layout: str) -> dict[str, Any]:
    """A backbone's state dict from our names to those of a layout.

    ``'torchvision'`` and ``'mmdet'`` call the parts of a ResNet as we do; mmdet's files have ``backbone.`` before them.

    Raises:
        ValueError: unknown layout, or one that has no names for this backbone.
    """
    if layout not in LAYOUTS:
        raise ValueError(f'layout {layout!r} is unknown; choose one of {", ".join(LAYOUTS)}')
    resnet = any(key.startswith('layer1.') for key in state)
    if layout in ('torchvision', 'mmdet', 'detectron2') and not resnet:
        raise ValueError(f'layout {layout!r} is written for ResNets, and this backbone has no layer1; choose timm or '
                         'mmwsl')
    if layout == 'detectron2':
        return {_to_detectron2(key): value for key, value in state.items() if not key.endswith('num_batches_tracked')}
    if layout == 'mmwsl' or layout == 'mmdet':
        return {f'backbone.{key}': value for key, value in state.items()}
    if layout == 'timm' and any('.downsample.reduction.' in key for key in state):
        return {_move_merging(key, 1): value for key, value in state.items()}
    return dict(state)


def _move_merging(key: str, step: int) -> str:
    return re.sub(r'^layers\.(\d+)\.downsample\.', lambda match: f'layers.{int(match[1]) + step}.downsample.', key)


def _from_torchvision_vgg(key: str, convolutions: Iterable[str]) -> str:
    """Its layers are numbered through; a normalisation follows its convolution at once."""
    match = re.fullmatch(r'features\.(\d+)\.(.+)', key)
    if not match:
        return key
    numbers = sorted(int(name.split('.')[1]) for name in convolutions)
    index = max(position for position, number in enumerate(numbers) if number <= int(match[1]))
    return f'{_VGG16[index]}.{int(match[1]) - numbers[index]}.{match[2]}'


def _to_detectron2(key: str) -> str:
    if not key.startswith('layer'):
        key = f'stem.{key}'
    key = re.sub(r'^layer(\d)', lambda match: f'res{int(match[1]) + 1}', key)
    key = re.sub(r'\bbn(\d)\.', r'conv\1.norm.', key)
    return key.replace('downsample.0.', 'shortcut.').replace('downsample.1.', 'shortcut.norm.')


def _from_detectron2(key: str) -> str:
    key = re.sub(r'^res(\d)', lambda match: f'layer{int(match[1]) - 1}', key.removeprefix('stem.'))
    key = re.sub(r'\bconv(\d)\.norm\.', r'bn\1.', key)
    return key.replace('shortcut.norm.', 'downsample.1.').replace('shortcut.', 'downsample.0.')
