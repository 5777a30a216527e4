"""Adversarial training: one optimizer for each half of a network, as one optimizer wrapper."""

import copy
from contextlib import contextmanager

from mmengine.optim import OptimWrapperDict

from mmwsl.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS


class HalvesOptimWrapper(OptimWrapperDict):
    """mmengine's dict of wrappers, one a half of the model, with what hooks ask of a single one.

    The model's ``train_step`` steps them one after another.
    """

    def should_update(self):
        """True: every iteration steps all halves, because gradients are not accumulated."""
        return True

    @contextmanager
    def optim_context(self, model):
        """That of the first half; precision is the same in all."""
        with next(self.values()).optim_context(model):
            yield

    def initialize_count_status(self, model, cur_iter, max_iters):
        for wrapper in self.values():
            wrapper.initialize_count_status(model, cur_iter, max_iters)

    @property
    def dtype(self):
        """Precision of autocast; None for fp32."""
        return getattr(next(self.values()), 'dtype', None)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class HalvesConstructor:
    """Make an optimizer for each half of an adversarial model, all with the same settings unless ``halves`` differs.

        optim_wrapper = dict(
            type='AutocastOptimWrapper', constructor='HalvesConstructor', optimizer=dict(type='Adam', lr=2e-4),
            halves=dict(generator=dict(lr=1e-3)))

    The model says which of its modules belong to which half: ``halves``, name -> dotted names of modules. Parameters
    that no half names stay as they are.

    Args:
        optim_wrapper_cfg: config of the wrapper of one half; ``halves``: settings of the optimizers that differ.
        paramwise_cfg: must be None.

    Raises:
        ValueError: the model has no halves, or not those that the config names; a parameter in two halves; gradients
            accumulated; ``paramwise_cfg``.
    """

    def __init__(self, optim_wrapper_cfg, paramwise_cfg=None):
        if paramwise_cfg:
            raise ValueError('HalvesConstructor knows no paramwise_cfg; give settings of a half in '
                             'optim_wrapper.halves')
        self.cfg = copy.deepcopy(dict(optim_wrapper_cfg))
        self.differing = self.cfg.pop('halves', {})
        if self.cfg.get('accumulative_counts', 1) != 1:
            raise ValueError('HalvesConstructor: gradients of adversarial models are not accumulated; leave '
                             'optim_wrapper.accumulative_counts out and raise train_dataloader.batch_size')

    def __call__(self, model):
        model = getattr(model, 'module', model)
        halves = getattr(model, 'halves', {})
        if not halves:
            raise ValueError(f'HalvesConstructor: {type(model).__name__} has no halves; it is for adversarial models')
        if set(self.differing) - set(halves):
            raise ValueError(f'optim_wrapper.halves names {sorted(set(self.differing) - set(halves))}; '
                             f'{type(model).__name__} has {", ".join(halves)}')
        wrappers, owner = {}, {}
        for half in halves:
            parameters = [each for each in model.half_parameters(half) if each.requires_grad]
            for each in parameters:
                if owner.setdefault(id(each), half) != half:
                    raise ValueError(f'{type(model).__name__}.halves: a parameter belongs to {owner[id(each)]} and to '
                                     f'{half}')
            optimizer = {**self.cfg['optimizer'], **self.differing.get(half, {}), 'params': parameters}
            settings = {'type': 'OptimWrapper', **self.cfg, 'optimizer': OPTIMIZERS.build(optimizer)}
            wrappers[half] = OPTIM_WRAPPERS.build(settings)
        return HalvesOptimWrapper(**wrappers)
