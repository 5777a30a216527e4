# Class activation maps of photos of one class each, for a CPU: a linear classifier on the frozen network of ImageNet,
# which shows what speaks for its classes.
_base_ = [
    '../../../_base_/models/localizer_efficientnetlite0.py', '../../../_base_/datasets/voc_crops.py',
    '../../../_base_/schedules/sgd_cos_head.py', '../../../_base_/default_runtime.py'
]

model = dict(head=dict(type='ClassificationHead', num_classes=20, norm_cfg=dict(type='BN')))
data_preprocessor = dict(
    mean=[127.0] * 3, std=[128.0] * 3,
    views=[[dict(type='RandomResizedCrop', size=224, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(dataset=dict(size=224))
test_dataloader = dict(batch_size=32, dataset=dict(size=224))
test_evaluator = [dict(type='AccuracyMetric'), dict(type='LocalizationMetric')]
optim_wrapper = dict(optimizer=dict(lr=0.03, weight_decay=0.1))  # the gradient is not averaged over the classes
