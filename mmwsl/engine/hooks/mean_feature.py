"""Fill value of hidden segments."""


from mmengine.hooks import Hook

from mmwsl.datasets.temporal import mean_feature
from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class MeanFeatureHook(Hook):
    """Set the model's ``fill`` to the mean feature of the training set before training; see :func:`mean_feature`."""

    once = True

    def before_train(self, runner):
        fill, mean = unwrap(runner.model).fill, mean_feature(runner.train_dataloader.dataset)
        if fill.shape != mean.shape:
            raise ValueError(f'the features have {len(mean)} channels, the model is made for {len(fill)}; set '
                             'model.in_channels')
        fill.copy_(mean)
