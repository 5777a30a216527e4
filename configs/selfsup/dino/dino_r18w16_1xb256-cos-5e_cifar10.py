# A small recipe for a CPU: ResNet-18 of base width 16; 5 epochs x 49,920 images x (2 student + 2 teacher views)
# = 1,022 million pixels.
_base_ = './dino_r18_1xb512-cos-200e_cifar10.py'

model = dict(
    backbone=dict(base_channels=16),
    head=dict(in_channels=128, hidden_channels=512, bottleneck_channels=128, out_channels=512))
crop = dict(type='RandomResizedCrop', size=32, scale=(0.14, 1.0), flip_prob=0.5)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(views=[[crop, jitter], [crop, jitter, dict(type='RandomSolarize', prob=0.2)]])
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=0.24))  # twice lightly's per image: there are only 970 steps
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=5)
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(checkpoint=dict(interval=1))
