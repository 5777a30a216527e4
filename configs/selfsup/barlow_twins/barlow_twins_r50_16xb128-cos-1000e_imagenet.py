# The authors' 16 GPUs trained with 1/16 of the gradient (see BarlowTwins.loss_weight), by which the learning rate of
# norms and biases, 0.0048 per 256 images against 0.2, was tuned.
_base_ = [
    '../../_base_/models/barlow_twins.py', '../../_base_/datasets/imagenet_byol.py',
    '../../_base_/schedules/lars_cos_200e.py', '../../_base_/default_runtime.py'
]

model = dict(loss_weight=1 / 16)
train_dataloader = dict(batch_size=128)

optim_wrapper = dict(
    constructor='GroupingConstructor',
    paramwise_cfg=dict(norm_lr_mult=0.024, bias_lr_mult=0.024),
    optimizer=dict(lr=1.6))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min_ratio=1e-3, begin=10, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=1000)
auto_scale_lr = dict(base_batch_size=2048)
