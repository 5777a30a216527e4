"""The published weights of YOLACT under our names: ResNet or Darknet-53, pyramid, prototypes, heads."""

import re
from collections.abc import Iterable, Mapping

import torch

_PROTOTYPES = {'0': '0', '2': '2', '4': '4', '8': '7', '10': '9'}  # theirs has a ReLU after the enlargement
_HEADS = dict(bbox_layer='boxes', conf_layer='classes', mask_layer='values')


def is_published_yolact(keys: Iterable[str]) -> bool:
    """Whether the keys of a state dict are those of the authors' files."""
    return any(key.startswith('prediction_layers.0.') for key in keys)


def from_published_yolact(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict of the authors' files for our ``YOLACT``.

    Their stages are numbered from 0, the convolutions of their pyramid begin with the coarsest map, and their first
    class is the background, which is our last. Old files have the stages a second time as ``backbone.layer1``, which
    is left out.

    Raises:
        ValueError: a tensor that has no place in ours, or no pyramid or head.
    """
    levels = len({key.split('.')[2] for key in state if key.startswith('fpn.lat_layers.')})
    if not levels or 'prediction_layers.0.conf_layer.weight' not in state:
        raise ValueError('it looks like published weights of YOLACT, but has no fpn.lat_layers or no '
                         'prediction_layers.0.conf_layer; is the file complete?')
    anchors = state['prediction_layers.0.bbox_layer.weight'].shape[0] // 4
    renamed = {}
    for key, value in state.items():
        if re.match(r'backbone\.layer\d', key):
            continue
        name = _our_name(key, levels)
        if name is None:
            raise ValueError(f'it looks like published weights of YOLACT, but {key} has no place in ours; only the '
                             'layout of the YOLACT 400, 550 and 700 models is known, not that of YOLACT++')
        if name.startswith('head.classes.'):
            value = value.unflatten(0, (anchors, -1)).roll(-1, dims=1).flatten(0, 1)
        renamed[name] = value
    return renamed


def _our_name(key: str, levels: int) -> str | None:
    part, _, rest = key.partition('.')
    number, _, end = rest.partition('.')
    if part == 'backbone':
        rest = re.sub(r'^layers\.(\d+)\.', lambda match: f'layer{int(match[1]) + 1}.', rest)
        return f'backbone.{re.sub("^_preconv", "stem", rest)}'
    if part == 'proto_net' and number in _PROTOTYPES:
        return f'mask_branch.layers.{_PROTOTYPES[number]}.{end}'
    if part == 'semantic_seg_conv':
        return f'semantic.{rest}'
    if part == 'fpn':
        position, _, end = end.partition('.')
        if number in ('lat_layers', 'pred_layers'):
            return f'neck.{dict(lat_layers="lateral", pred_layers="output")[number]}.{levels - 1 - int(position)}.{end}'
        return f'neck.extra.{position}.{end}' if number == 'downsample_layers' else None
    if part == 'prediction_layers' and number == '0':
        layer, _, end = end.partition('.')
        if layer == 'upfeature':
            return f'head.shared.{end}'
        return f'head.{_HEADS[layer]}.{end}' if layer in _HEADS else None
    return None
