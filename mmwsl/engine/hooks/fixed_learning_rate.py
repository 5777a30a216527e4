"""Constant learning rate for some parameters."""


from mmengine.hooks import Hook

from mmwsl.registry import HOOKS


@HOOKS.register_module()
class FixedLearningRateHook(Hook):
    """Groups with ``fixed_lr=True`` keep their initial learning rate whatever the schedules do (SimSiam's predictor).

    Make such a group with ``constructor='GroupingConstructor'`` and ``custom_keys={'head': dict(fixed_lr=True)}``.

    Raises:
        ValueError: no group has it.
    """

    once = True

    def before_train(self, runner):
        self._groups = [group for group in runner.optim_wrapper.param_groups if group.get('fixed_lr')]
        if not self._groups:
            raise ValueError("FixedLearningRateHook: no parameter group has fixed_lr=True; see the hook's docstring")

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for group in self._groups:
            group['lr'] = group['initial_lr']
