"""FineGAN's last phase: hard negatives at every other step."""

from mmengine.hooks import Hook

from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class HardNegativeHook(Hook):
    """Set ``model.hard_negatives`` at every other one of the last ``iterations`` steps, and reset it at the others.

    The step's number decides, so a resumed run does what an uninterrupted one does.

    Raises:
        ValueError: the model has no hard negatives.
    """

    once = True

    def __init__(self, iterations=1500):
        self.iterations = iterations

    def before_train(self, runner):
        if not hasattr(unwrap(runner.model), 'hard_negatives'):
            raise ValueError(f'HardNegativeHook: {type(unwrap(runner.model)).__name__} has no hard negatives; it is '
                             'for FineGAN')

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        left = runner.max_iters - runner.iter
        unwrap(runner.model).hard_negatives = left <= self.iterations and left % 2 == 0
