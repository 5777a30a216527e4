# The setting of the paper's appendix on CIFAR-10: a projector of two layers, no blur, SGD 0.03 per 256 images. The
# predictor's learning rate is constant as on ImageNet, which the appendix does not say; the cosine is taken per step.
_base_ = ['../../_base_/models/simsiam.py', '../../_base_/datasets/cifar10.py', '../../_base_/default_runtime.py']

model = dict(backbone=dict(depth=18, stem='cifar', zero_init_residual=False), neck=dict(in_channels=512, num_layers=2))
data_preprocessor = dict(
    views=[[
        dict(type='RandomResizedCrop', size=32, scale=(0.2, 1.0), flip_prob=0.5),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
    ]] * 2)
train_dataloader = dict(batch_size=512)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(custom_keys=dict(head=dict(fixed_lr=True))),
    optimizer=dict(type='SGD', lr=0.06, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=800)
auto_scale_lr = dict(base_batch_size=512)
custom_hooks = [dict(type='FixedLearningRateHook')]
default_hooks = dict(checkpoint=dict(interval=10))
