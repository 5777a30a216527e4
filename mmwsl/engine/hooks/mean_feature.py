"""The fill value of hidden segments."""

from mmengine.hooks import Hook

from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class MeanFeatureHook(Hook):
    """Before training, set the model's ``fill`` to what ``mean_feature()`` of the training set returns.

    Raises:
        ValueError: the dataset has no such method, or features of another number of channels than the model.
    """

    once = True

    def before_train(self, runner):
        fill, dataset = unwrap(runner.model).fill, runner.train_dataloader.dataset
        if not hasattr(dataset, 'mean_feature'):
            raise ValueError(f'MeanFeatureHook: {type(dataset).__name__} has no mean_feature(); derive it from '
                             'mmwsl.datasets.SequenceDataset, or leave the hook out of custom_hooks')
        mean = dataset.mean_feature()
        if fill.shape != mean.shape:
            raise ValueError(f'the features have {len(mean)} channels, the model is made for {len(fill)}; set '
                             'model.in_channels')
        fill.copy_(mean)
