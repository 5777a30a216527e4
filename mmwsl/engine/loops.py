"""Epoch loop that resumes in mid-epoch."""

from mmengine.runner import EpochBasedTrainLoop

from mmwsl.registry import LOOPS


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """mmengine's epoch loop, but a run resumed in mid-epoch goes on with the batch after the last one it saw.

    The dataloader's sampler must offer ``skip(number_of_samples)``, as :class:`mmwsl.datasets.EpochSampler` does.

    Args:
        max_epochs: length of the training.
        max_iters: instead, its length in optimiser iterations; the last epoch ends early.

    Raises:
        ValueError: an epoch without a step, or both or none of the two lengths.
    """

    def __init__(self, runner, dataloader, max_epochs=None, max_iters=None, **kwargs):
        if (max_epochs is None) == (max_iters is None):
            raise ValueError('train_cfg needs max_epochs or max_iters, and not both')
        super().__init__(runner, dataloader, max_epochs or 1, **kwargs)
        if max_iters is not None and len(self.dataloader):
            self._max_epochs, self._max_iters = -(-max_iters // len(self.dataloader)), int(max_iters)
        if not len(self.dataloader):
            raise ValueError(f'an epoch has no step: {len(self.dataloader.sampler)} images a rank do not fill a batch '
                             f'of {self.dataloader.batch_size}; use a smaller batch_size or more images')

    def run(self):
        """As mmengine's; a resumed run first makes up for a validation that its checkpoint has not seen."""
        self.runner.call_hook('before_train')
        if self._epoch and self._iter == min(self._epoch * len(self.dataloader), self._max_iters):
            self._validate()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._validate()
        self.runner.call_hook('after_train')
        return self.runner.model

    def _validate(self):
        self._decide_current_val_interval()
        last, info = self._epoch == self._max_epochs, self.runner.message_hub.runtime_info
        due = self._epoch >= self.val_begin and (last or self._epoch % self.val_interval == 0)
        if due and self.runner.val_loop is not None and info.get('validated') != self._epoch:
            self.runner.val_loop.run()
            self.runner.message_hub.update_info('validated', self._epoch)

    def run_epoch(self):
        steps = len(self.dataloader)
        # From 0 to steps: a checkpoint of the last step of an epoch was written before the epoch was closed.
        done = self._iter - self._epoch * steps
        if not 0 <= done <= steps:
            raise ValueError(f'the checkpoint was written at iteration {self._iter} of epoch {self._epoch + 1}, but an '
                             f'epoch has {steps} steps now: batch size, ranks or data are others than those it was '
                             'trained with. Resume with the same, with --resume-anew, or start anew with load_from')
        if done:
            sampler = self.dataloader.sampler
            sampler.skip(min(done * self.dataloader.batch_size, len(sampler)))
        self.runner.call_hook('before_train_epoch')
        if hasattr(self.dataloader.dataset, 'set_epoch'):  # a sampler that is not ours does not do it
            self.dataloader.dataset.set_epoch(self._epoch)
        self.runner.model.train()
        for index, data_batch in enumerate(self.dataloader, start=done):
            if self._iter >= self._max_iters:
                break
            self.run_iter(index, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
