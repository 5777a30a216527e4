_base_ = [
    '../../_base_/models/moco_v3.py', '../../_base_/datasets/imagenet_byol.py',
    '../../_base_/schedules/lars_cos_200e.py', '../../_base_/default_runtime.py'
]

train_dataloader = dict(
    batch_size=256,
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=2, size=224, scale=(0.2, 1.0), flip_prob=0.5)]))

optim_wrapper = dict(optimizer=dict(lr=9.6))  # 0.6 per 256 images
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=4096)
