"""Modules frozen at the start of training."""


from mmengine.hooks import Hook

from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class FreezeHook(Hook):
    """Freeze modules at the start of training by dropping their gradients before the optimiser's step.

    Dropped, not zeroed, so that there is no decay and no momentum either; and not by ``requires_grad``, which
    distributed training may not toggle.

    Args:
        modules: names as in ``model.named_modules()``, e.g. ``['prototypes']``.
        iterations, epochs: for how long; one of the two. Epochs may be a fraction.

    Raises:
        ValueError: both or none of the two, an unknown module, or an optimiser wrapper that drops no gradients.
    """

    lengths = ('iterations', 'epochs')  # what follows the length of the training; see mmwsl.apis.schedule

    def __init__(self, modules, iterations=None, epochs=None):
        if (iterations is None) == (epochs is None):
            raise ValueError('FreezeHook needs iterations or epochs, and not both')
        self.modules, self.iterations, self.epochs = modules, iterations, epochs

    def before_train(self, runner):
        if not hasattr(runner.optim_wrapper, 'dropped'):
            raise ValueError(f'FreezeHook: {type(runner.optim_wrapper).__name__} cannot drop gradients; set '
                             "optim_wrapper.type='AutocastOptimWrapper'")
        known = dict(unwrap(runner.model).named_modules())
        unknown = [name for name in self.modules if name not in known]
        if unknown:
            raise ValueError(f'FreezeHook: the model has no module {", ".join(unknown)}; its parts are '
                             f'{", ".join(name for name in known if name and "." not in name)}')
        self._parameters = [p for name in self.modules for p in known[name].parameters()]
        self._until = self.iterations if self.epochs is None else round(self.epochs * len(runner.train_dataloader))

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        runner.optim_wrapper.dropped[self] = self._parameters if runner.iter < self._until else []
