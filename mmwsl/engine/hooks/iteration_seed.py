"""Random seeds per iteration, so that resumed runs draw what uninterrupted ones do."""

import random

import numpy as np
import torch
from mmengine.hooks import Hook

from mmwsl.registry import HOOKS


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Set every global generator from (seed, iteration, rank) before each step.

    What a step draws (views, dropout, masks) then depends on where it stands in training and on nothing that came
    before, which is what makes a resumed run equal an uninterrupted one.
    """

    once = True
    priority = 'VERY_HIGH'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        state = np.random.SeedSequence([runner.seed, runner.iter, runner.rank]).generate_state(1)
        seed = int(state[0])
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
