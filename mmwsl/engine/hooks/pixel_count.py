"""Count of processed pixels, the budget by which methods are compared."""


import torch
from mmengine.hooks import Hook

from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class PixelCountHook(Hook):
    """Count and log the pixels that go through the backbones, student's and teacher's.

    It is the budget by which methods are compared: B x H x W of every batch of images (B, C, H, W) that enters one of
    ``model.encoders()``, passes that extract features between epochs included. Where only some patches are encoded
    (``keep``, MAE) only theirs count. The sum over ranks is kept in the checkpoint's ``meta['pixels']``. Where nothing
    is counted (features of sequences, models without ``encoders``) nothing is logged.
    """

    once = True
    _pixels, _counters = 0, ()

    def before_train(self, runner):
        self._pixels = int(runner.message_hub.runtime_info.get('pixels', 0)) // runner.world_size
        self._reported = False
        for counter in self._counters:  # of a training before
            counter.remove()
        encoders = getattr(unwrap(runner.model), 'encoders', list)()
        self._counters = [encoder.register_forward_pre_hook(self._count, with_kwargs=True) for encoder in encoders]

    def _count(self, encoder, args, kwargs):
        images, keep = args[0] if args else None, kwargs.get('keep')
        if isinstance(images, torch.Tensor) and images.dim() == 4 and images.is_floating_point():
            self._pixels += len(images) * (images.shape[2] * images.shape[3] if keep is None else
                                           keep.shape[1] * encoder.patch_size**2)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self._before = self._pixels

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if not self._pixels:
            return
        runner.message_hub.update_info('pixels', self._pixels * runner.world_size)
        if not self._reported:
            step, self._reported = (self._pixels - self._before) * runner.world_size, True
            runner.logger.info(f'{step / 1e6:.2f} million pixels through the backbones in a step, '
                               f'{step * runner.max_iters / 1e6:,.0f} million in all (passes between epochs apart)')

    def before_save_checkpoint(self, runner, checkpoint):
        if self._pixels:
            checkpoint['meta']['pixels'] = self._pixels * runner.world_size

    def after_train(self, runner):
        if self._pixels:
            runner.logger.info(f'{self._pixels * runner.world_size / 1e6:,.1f} million pixels went through the '
                               'backbones (student and teacher)')
