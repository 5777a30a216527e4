"""Pictures of what a generator makes, during its training."""

from pathlib import Path

import cv2
from mmengine.dist import master_only
from mmengine.hooks import Hook

from mmwsl.engine.runner import unwrap
from mmwsl.files import write_atomically
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class SampleGridHook(Hook):
    """Write ``samples/epoch_N.png`` in the work dir after every ``interval`` epochs: the model's ``sample_grid``.

    Codes and noises are the same in every picture, and training draws what it would draw without.

    Args:
        interval: epochs from one picture to the next.
        settings: of the model's ``sample_grid``; default two noises, and of FineGAN all stages.

    Raises:
        ValueError: the model has no sample grid.
    """

    once = True

    def __init__(self, interval=1, **settings):
        self.interval, self.settings = interval, {'noises': 2, 'stages': True, **settings}

    def before_train(self, runner):
        if not hasattr(unwrap(runner.model), 'sample_grid'):
            raise ValueError(f'SampleGridHook: {type(unwrap(runner.model)).__name__} has no sample_grid; it is for '
                             'generative models')

    @master_only
    def after_train_epoch(self, runner):
        if not self.every_n_epochs(runner, self.interval):
            return
        model = unwrap(runner.model)
        model.eval()
        try:
            grid = model.sample_grid(**self.settings)
        finally:
            model.train()
        path = Path(runner.work_dir) / 'samples' / f'epoch_{runner.epoch + 1}.png'
        write_atomically(path, cv2.imencode('.png', grid[..., ::-1])[1].tobytes())
