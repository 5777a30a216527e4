"""Checkpoints of tensors and plain types, and loading that reports what fitted."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer, print_log
from torch import nn

from mmwsl.checkpoints.names import is_beside_backbone, without_wrappers
from mmwsl.checkpoints.read import CLASSIFIER

_HISTORY = '__history__'


def to_plain(value: Any) -> Any:
    """Turn what a Runner keeps into tensors and plain Python types, so that the file loads without running code."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu()
    if isinstance(value, HistoryBuffer):
        values, counts = value.data
        return {_HISTORY: [torch.as_tensor(values, dtype=torch.float64), torch.as_tensor(counts, dtype=torch.int64)]}
    if isinstance(value, np.ndarray):
        return torch.as_tensor(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: to_plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(to_plain(entry) for entry in value) if type(value) in (list, tuple) else \
            [to_plain(entry) for entry in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def from_plain(value: Any) -> Any:
    """Undo :func:`to_plain` where it matters: histories of logged scalars."""
    if isinstance(value, dict):
        if set(value) == {_HISTORY}:
            values, counts = value[_HISTORY]
            return HistoryBuffer(values.tolist(), counts.tolist())
        return {key: from_plain(entry) for key, entry in value.items()}
    return value


def load_state(module: nn.Module, state_dict: Mapping[str, torch.Tensor], strict: bool = False,
               what: str = 'checkpoint') -> dict[str, list[str]]:
    """Load ``state_dict`` into ``module`` and say what fitted.

    Returns:
        dict: lists ``matched``, ``missing``, ``unexpected`` of keys.

    Raises:
        ValueError: no key matches, a shape differs, or, with ``strict``, a key is missing or unexpected.
    """
    state_dict = without_wrappers(state_dict)
    own = module.state_dict()
    report = dict(matched=[key for key in own if key in state_dict],
                  missing=[key for key in own if key not in state_dict],
                  unexpected=[key for key in state_dict if key not in own])
    if own and not report['matched']:
        raise ValueError(f'{what}: none of its {len(state_dict)} keys fits the {len(own)} of the model; it would stay '
                         f'at random weights. Keys of the file: {_some(state_dict)}; of the model: {_some(own)}')
    wrong = [f'{key}: {tuple(state_dict[key].shape)} in the file, {tuple(own[key].shape)} in the model'
             for key in report['matched'] if state_dict[key].shape != own[key].shape]
    if wrong:
        raise ValueError(f'{what}: {len(wrong)} tensors have another shape ({"; ".join(wrong[:3])}); is it a '
                         'checkpoint of another architecture or setting? The config that it was trained with lies in '
                         'its work dir')
    if not strict:  # a counter that nothing depends on; files of detectron2 and of old versions of torch lack it
        report['missing'] = [key for key in report['missing'] if not key.endswith('.num_batches_tracked')]
    if strict and (report['missing'] or report['unexpected']):
        raise ValueError(f'{what}: missing keys: {_some(report["missing"]) or "none"}; unexpected keys: '
                         f'{_some(report["unexpected"]) or "none"}; resume with the config the run was started with')
    module.load_state_dict({key: state_dict[key] for key in report['matched']}, strict=False)
    return report


def without_other_classifier(state: Mapping[str, torch.Tensor], meta: Any,
                             module: nn.Module) -> Mapping[str, torch.Tensor]:
    """The state dict of a checkpoint; of a ``pretrained:NAME`` what ``module`` takes of it.

    Its classifier of ImageNet is left out where ``module`` has another one, and a message says so.
    """
    if not isinstance(meta, dict) or 'pretrained' not in meta:
        return state
    own = module.state_dict()
    other = [key for key in state if key.startswith(CLASSIFIER)
             and (key not in own or own[key].shape != state[key].shape)]
    if other:
        print_log(f'{meta["pretrained"]}: its classifier of ImageNet is left out, as the model has another one or none',
                  logger='current')
    return {key: value for key, value in state.items() if key not in other}


def check_backbone(report: Mapping[str, list[str]], what: str, heads: bool = False) -> None:
    """Raise unless the backbone of a model and that of a checkpoint have the same tensors.

    Heads that other projects keep in a backbone (see :func:`mmwsl.checkpoints.names.is_beside_backbone`) may be left
    over.

    Args:
        report: of :func:`load_state`.
        what: names the checkpoint in messages.
        heads: whether the rest of the model is needed too, as for predictions.

    Raises:
        ValueError: a tensor of the backbone, or with ``heads`` of the model, is missing, or the checkpoint has one that
            the backbone lacks.
    """
    lost = [key for key in report['missing'] if key.startswith('backbone.')]
    if lost:
        raise ValueError(f'{what}: {len(lost)} keys of the backbone are missing and would stay random, the first is '
                         f'{lost[0]}: is it a checkpoint of another architecture? mmwsl convert finds the backbone in '
                         'files of other projects')
    extra = [key for key in report['unexpected']
             if key.startswith('backbone.') and not is_beside_backbone(key.removeprefix('backbone.'))]
    if extra:
        raise ValueError(f'{what}: its backbone has {len(extra)} tensors that the one of the config lacks '
                         f'({_some(extra, 3)}), so that it would compute something else: is it a checkpoint of another '
                         'architecture or setting (norm_cfg, depth, layer scale)? Change model.backbone to that of the '
                         'file; tensors that are no part of a backbone have to be taken out of it')
    if heads and report['missing']:
        raise ValueError(f'{what}: {len(report["missing"])} tensors of the model are missing and would stay random, '
                         f'the first is {report["missing"][0]}, so that its predictions would mean nothing: is it a '
                         'checkpoint of another config? That of its training lies in its work dir')


def first_not_finite(module: nn.Module) -> str | None:
    """Name of a parameter that holds NaN or infinity, or of a buffer that holds NaN; None where there is none.

    One fused reduction and one transfer from the device where all is well.
    """
    named: list[tuple[str, torch.Tensor, bool]] = [(name, value, True) for name, value in module.named_parameters()]
    named += [(name, value, False) for name, value in module.named_buffers()]
    named = [each for each in named if each[1].is_floating_point() and each[1].numel()]
    for device in {value.device for _, value, _ in named}:
        here = [each for each in named if each[1].device == device]
        # the largest magnitude: NaN where there is one, infinite where there is an infinity, and it cannot overflow
        largest = torch._foreach_norm([value.detach() for _, value, _ in here], float('inf'))
        largest = torch.stack([value.float() for value in largest])
        parameter = torch.tensor([is_parameter for _, _, is_parameter in here], device=device)
        wrong = largest.isnan() | largest.isinf() & parameter
        if wrong.any():
            return here[int(wrong.nonzero()[0])][0]
    return None


def _some(keys: Iterable[str], limit: int = 5) -> str:
    keys = list(keys)
    return ', '.join(keys[:limit]) + (f', ... ({len(keys)})' if len(keys) > limit else '')
