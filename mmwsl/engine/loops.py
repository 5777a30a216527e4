"""The epoch loop that resumes where it was interrupted."""

from mmengine.runner import EpochBasedTrainLoop

from mmwsl.registry import LOOPS


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """mmengine's epoch loop, but a run resumed in mid-epoch goes on with the batch after the last one it saw.

    The dataloader's sampler must offer ``skip(number_of_samples)``, as :class:`mmwsl.datasets.EpochSampler` does.
    """

    def run_epoch(self):
        steps = len(self.dataloader)
        self._epoch, done = divmod(self._iter, steps)
        if done:
            self.dataloader.sampler.skip(done * self.dataloader.batch_size)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for index, data_batch in enumerate(self.dataloader, start=done):
            self.run_iter(index, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
