"""Precise BN: running statistics recomputed with the final weights."""

from itertools import chain, repeat

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from torch.nn.modules.batchnorm import _BatchNorm

from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class PreciseBNHook(Hook):
    """Replace BN running statistics, at the end of training, by their mean over many training batches.

    The moving average remembers weights that have changed since, and with two images a device it is noisy; detection on
    VOC is published with this step before the test. It comes before the last checkpoint is written. Frozen layers,
    those in eval mode and those without running statistics stay as they are; ranks average theirs.

    Args:
        iterations: batches.

    Raises:
        ValueError: ``iterations`` is below 1.
    """

    once = True

    def __init__(self, iterations=200):
        if iterations < 1:
            raise ValueError(f'PreciseBNHook: iterations={iterations} must be 1 or more')
        self.iterations = iterations

    def after_train_epoch(self, runner):
        if runner.iter < runner.max_iters:
            return
        model = unwrap(runner.model)
        layers = [layer for layer in model.modules()
                  if isinstance(layer, _BatchNorm) and layer.training and layer.track_running_stats]
        if not layers:
            return
        calls, momenta = dict.fromkeys(layers, 0), {layer: layer.momentum for layer in layers}
        steps = [layer.num_batches_tracked.clone() for layer in layers]

        def average(layer, arguments):  # momentum 1, 1/2, 1/3 ... makes the moving average a plain one
            calls[layer] += 1
            layer.momentum = 1 / calls[layer]

        hooks = [layer.register_forward_pre_hook(average) for layer in layers]
        batches = chain.from_iterable(repeat(runner.train_dataloader))
        with torch.no_grad(), runner.optim_wrapper.optim_context(runner.model):
            for _, batch in zip(range(self.iterations), batches, strict=False):
                batch = model.data_preprocessor(batch, training=True)
                model(**batch, mode='loss')
        for hook in hooks:
            hook.remove()
        for layer, count in zip(layers, steps, strict=True):
            layer.momentum = momenta[layer]
            layer.num_batches_tracked.copy_(count)  # of training alone
            all_reduce(layer.running_mean, 'mean')
            all_reduce(layer.running_var, 'mean')
        runner.logger.info(f'running statistics of {len(layers)} norms taken anew from {self.iterations} batches')
