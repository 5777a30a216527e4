"""Call of the model after each optimiser step."""


from mmengine.hooks import Hook

from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module(name=['OptimizerStepHook', 'TeacherHook'])  # the second is its name of before
class OptimizerStepHook(Hook):
    """Call ``model.after_optimizer_step(progress)`` after each optimiser step, with progress in [0, 1].

    Its teacher moves, its queue starts, its erasing goes on. Nothing for models without ``after_optimizer_step``.
    """

    once = True

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        model = unwrap(runner.model)
        if hasattr(model, 'after_optimizer_step') and runner.optim_wrapper.should_update():
            model.after_optimizer_step(runner.iter / runner.max_iters)
