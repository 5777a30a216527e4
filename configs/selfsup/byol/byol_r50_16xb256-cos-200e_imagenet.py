_base_ = [
    '../../_base_/models/byol.py', '../../_base_/datasets/imagenet_byol.py',
    '../../_base_/schedules/lars_cos_200e.py', '../../_base_/default_runtime.py'
]

train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=4.8))
auto_scale_lr = dict(base_batch_size=4096)
