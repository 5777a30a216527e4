"""Weights that a model or a part of it starts from, as a config names them: ``init_cfg=dict(type='Pretrained')``."""

from pathlib import Path

import torch
from mmengine.model import PretrainedInit as MMEnginePretrainedInit
from mmengine.model import update_init_info

from mmwsl.checkpoints.names import find_tensors
from mmwsl.checkpoints.pretrained import pretrained_name
from mmwsl.checkpoints.read import read_checkpoint
from mmwsl.checkpoints.state import check_backbone, load_state
from mmwsl.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class PretrainedInit(MMEnginePretrainedInit):
    """mmengine's, but no code in the file is run, and tensors that do not fit are errors.

    Args:
        checkpoint: file, ``pretrained:NAME`` of an installed package, or an http(s) address, which is fetched once into
            torch's folder of downloads.
        prefix: take the tensors whose names begin so, without it: ``'backbone.'`` of a whole model's file; it need not
            be said where a backbone takes ``pretrained:NAME``.
        map_location: where tensors go first.
    """

    def __call__(self, module):
        """Load the weights into ``module``.

        Raises:
            FileNotFoundError, ValueError: the file is not there, cannot be read, has no such prefix, or holds other
                tensors than the backbone; heads beside it may be left over.
        """
        what = str(self.checkpoint)
        state, prefix = find_tensors(read_checkpoint(_local(what), self.map_location)), self.prefix
        if prefix is None and pretrained_name(what) and not hasattr(module, 'backbone'):
            prefix = 'backbone'
        if prefix is not None:
            prefix = prefix.rstrip('.') + '.'
            keys = list(state)
            state = {key.removeprefix(prefix): state[key] for key in keys if key.startswith(prefix)}
            if not state:
                raise ValueError(f'{what}: no key begins with {prefix!r} (init_cfg.prefix); the first ones are '
                                 f'{", ".join(keys[:5])}')
        report = load_state(module, state, what=what)
        if not hasattr(module, 'backbone'):  # it is a part itself
            report = {kind: [f'backbone.{key}' for key in keys] for kind, keys in report.items()}
        check_backbone(report, what)
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())


def _local(name):
    if pretrained_name(name):
        return name
    if not name.startswith(('http://', 'https://')):
        if '://' in name:
            raise ValueError(f'{name}: such names are not resolved; give init_cfg.checkpoint a file or an https '
                             'address')
        return Path(name).expanduser()
    path = Path(torch.hub.get_dir(), 'checkpoints', name.rpartition('/')[2])
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(name, str(path), progress=False)
    return path
