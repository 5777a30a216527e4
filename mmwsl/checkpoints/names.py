"""Where other projects keep the backbone in a checkpoint, and what they call its parts.

Our names are those of torchvision (ResNet, Inception v3), timm (ViT), the Swin authors and the VGG authors, and for
EfficientNet-Lite those of its published weights without underscores. Functions take and give state dicts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
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


# A first stage: what stands before one of these in a key is where the backbone is.
_FIRST_STAGE = re.compile(r'((?:[^.]+\.)*?)(?:layer1\.0|blocks\.0|layers\.0|stages\.0|features\.0|res2\.0|conv1_1|'
                          r'conv1\.0|Mixed_5b|inception3a|_blocks\.0|block0)\.')
# Of files of other projects: heads and what only training needs, and constants that follow from the architecture.
_BESIDE = re.compile(r'(fc|head\w*|classifier|pre_logits|prototypes|projection_head|projector|predictor|decoder\w*'
                     r'|mask_token|AuxLogits|aux\d|aux_logits\d?)(\.|$)')
_CONSTANTS = ('num_batches_tracked', 'relative_position_index', 'attn_mask')
_NESTED = ('state_dict', 'model', 'teacher')


def without_wrappers(state: Mapping[str, Any]) -> dict[str, Any]:
    """``state`` with keys as they are without torch's wrappers: ``module.`` of DDP, ``_orig_mod.`` of ``compile``."""
    return {re.sub(r'^(module\.)+', '', key.replace('_orig_mod.', '')): value for key, value in state.items()}


def is_head(key: str) -> bool:
    """Whether a key belongs to a head, or to what only training needs, in another project's backbone."""
    return bool(_BESIDE.match(key))


def is_beside_backbone(key: str) -> bool:
    """Whether a key is a head or a constant, as the files of other projects have them beside a backbone's layers."""
    return is_head(key) or key.endswith(_CONSTANTS)


def find_backbone(checkpoint: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The backbone's state dict in a checkpoint of any layout of :data:`PREFIXES`, under our names.

    Behind another prefix it is found by its first stage; of a teacher and a student, the teacher. A ResNet that was
    made an ``nn.Sequential`` gets its names back.

    Args:
        checkpoint: what the file holds: a state dict, or a dict with one (:func:`find_tensors`).

    Returns:
        tuple: state dict, and the layout in words.

    Raises:
        ValueError: there is no dict of tensors, or several networks; the message says what there is.
    """
    state = without_wrappers(find_tensors(checkpoint))
    prefix, layout = next((prefix, who) for prefix, who in PREFIXES if any(key.startswith(prefix) for key in state))
    last = {key.removeprefix('roi_heads.'): value for key, value in state.items() if key.startswith('roi_heads.res5.')}
    state = _behind(state, prefix)
    places = _places(state)
    if not places and _is_sequence(state):
        return _from_sequence(state), f'{layout if prefix else "nn.Sequential"}, a ResNet by numbers'
    if '' not in places and places:
        teachers = [place for place in places if 'teacher' in place]
        if len(places) > 1 and len(teachers) != 1:
            raise ValueError(f'several networks found, at {", ".join(prefix + place for place in places)}: keep the '
                             'tensors of one')
        place = (teachers or places)[0]
        state = _behind(state, place)
        # MMSelfSup's MoCo once kept the encoder as number 0 of a sequence
        layout = layout if prefix else f'a network at {place[:-1]}'
    return our_names(state | last), layout  # detectron2's C4 detectors keep the last stage in the heads


def _behind(state: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key[len(prefix):]: value for key, value in state.items() if key.startswith(prefix)}


def _places(state: Iterable[str]) -> list[str]:
    """Prefixes behind which there is a first stage, without those inside another."""
    found = {match[1] for match in map(_FIRST_STAGE.match, state) if match}
    found = {place for place in found if not _BESIDE.match(place)}
    return sorted(place for place in found if not any(place != other and place.startswith(other) for other in found))


def check_known(state: Iterable[str], keys: Iterable[str]) -> None:
    """Raise ValueError unless what :func:`find_backbone` found among ``keys`` is called a backbone or looks so."""
    keys = list(without_wrappers(dict.fromkeys(keys)))
    if _places(state) or any(key.startswith('backbone.') for key in keys):
        return
    counts = Counter('.'.join(key.split('.')[:2]) for key in keys)
    parts = ', '.join(f'{name} ({count})' for name, count in list(counts.items())[:12]) + ', ...' * (len(counts) > 12)
    raise ValueError(f'no backbone found in its {len(keys)} tensors: {parts}. Name the tensors of the backbone '
                     'backbone.NAME, with the names that they have in the backbone of the config')


def _is_sequence(state: Iterable[str]) -> bool:
    return len({key.split('.')[0] for key in state if re.match(r'\d+\.0\.conv1\.weight$', key)}) > 1


def _from_sequence(state: Mapping[str, Any]) -> dict[str, Any]:
    """``nn.Sequential(*resnet.children())``: a convolution, its norm, stages and perhaps a linear layer, by number."""
    stages = sorted({int(key.split('.')[0]) for key in state if re.match(r'\d+\.0\.conv1\.weight$', key)})
    names = {number: f'layer{position}' for position, number in enumerate(stages, start=1)}
    for key, value in state.items():
        match = re.fullmatch(r'(\d+)\.weight', key)
        if match:
            names[int(match[1])] = {4: 'conv1', 1: 'bn1'}.get(value.ndim, 'fc')
    numbered = {key: key.partition('.') for key in state}
    return {f'{names.get(int(number), number) if number.isdigit() else number}.{rest}': state[key]
            for key, (number, _, rest) in numbered.items()}


def find_tensors(checkpoint: Any) -> dict[str, Any]:
    """The tensors of a checkpoint by name: its own, or those of the dict in it.

    That is the one under ``state_dict``, ``model``, ``teacher`` (DINO: the encoder its authors evaluate) or
    ``classy_state_dict`` (VISSL), or under another name if it is the only one.

    Raises:
        ValueError: there is no dict of tensors, or several.
    """
    while isinstance(checkpoint, dict) and not _has_tensors(checkpoint):
        if 'classy_state_dict' in checkpoint:
            checkpoint = checkpoint['classy_state_dict']['base_model']['model']['trunk']
            continue
        inner = next((checkpoint[key] for key in _NESTED if isinstance(checkpoint.get(key), dict)), None)
        if inner is None:
            several = {key: value for key, value in checkpoint.items()
                       if isinstance(value, dict) and _has_tensors(value)}
            if len(several) > 1:
                raise ValueError(f'several networks found, under {", ".join(several)}: keep the tensors of one')
            if not several:
                break
            inner = next(iter(several.values()))
        checkpoint = inner
    if not isinstance(checkpoint, dict) or not _has_tensors(checkpoint):
        found = f'; it holds {", ".join(map(str, checkpoint)) or "nothing"}' if isinstance(checkpoint, dict) else ''
        raise ValueError('no weights found: a checkpoint is a dict of tensors, or holds one under state_dict, model, '
                         f'teacher or classy_state_dict{found}')
    return {key: value for key, value in checkpoint.items() if hasattr(value, 'shape')}


def _has_tensors(value: dict[str, Any]) -> bool:
    return any(getattr(each, 'ndim', 0) for each in value.values())


def our_names(state: dict[str, Any]) -> dict[str, Any]:
    """A backbone's state dict from the names of detectron2, mmpretrain or timm to ours; ours stay as they are.

    So does torchvision's VGG16, with BN or without, and EfficientNet-Lite.
    """
    if '_conv_stem.weight' in state:  # EfficientNet-Lite: _blocks.0._bn1.weight is block0.bn1.weight
        state = {re.sub(r'(^|\.)_', r'\1', key): value for key, value in state.items()}
        return {re.sub(r'^blocks\.(\d+)\.', r'block\1.', key): value for key, value in state.items()}
    if any(key.startswith('res2.') for key in state):
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
    if layout == 'timm' and 'block0.depthwise_conv.weight' in state:
        return _to_timm_lite(state)
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


def _to_timm_lite(state: Mapping[str, Any]) -> dict[str, Any]:
    """EfficientNet-Lite: timm counts blocks within stages, and norms in the order in which they come."""
    count = len({match[1] for match in map(re.compile(r'block(\d+)\.').match, state) if match})
    stages = (1, 2, 2, 3, 3, 4, 1) if count == 16 else (1, 3, 3, 4, 4, 5, 1)  # lite0; lite1 and lite2
    places = [f'blocks.{stage}.{index}' for stage, blocks in enumerate(stages) for index in range(blocks)]
    named = {}
    for key, value in state.items():
        match = re.match(r'block(\d+)\.(\w+)\.', key)
        if match is None:
            named[re.sub(r'^bn([01])\.', lambda norm: f'bn{int(norm[1]) + 1}.', key)] = value
            continue
        parts = dict(depthwise_conv='conv_dw', project_conv='conv_pw') if match[1] == '0' else dict(
            expand_conv='conv_pw', bn0='bn1', depthwise_conv='conv_dw', bn1='bn2', project_conv='conv_pwl', bn2='bn3')
        named[f'{places[int(match[1])]}.{parts.get(match[2], match[2])}.{key[match.end():]}'] = value
    return named


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
