# A small recipe for a CPU: ResNet-18 of base width 16; 5 epochs x 49,920 images x (2 student + 2 teacher views)
# = 1,022 million pixels. The learning rate is twice lightly's per image: there are only 970 steps.
_base_ = [
    '../../_base_/models/dino.py', '../../_base_/datasets/cifar10.py',
    '../../_base_/schedules/sgd_warm_cos_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=18, base_channels=16, stem='cifar', norm_cfg=dict(type='SyncBN')),
    head=dict(in_channels=128, hidden_channels=512, bottleneck_channels=128, out_channels=512,
              norm_cfg=dict(type='SyncBN')),
    momentum=0.99,
    end_momentum=None)
crop = dict(type='RandomResizedCrop', size=32, scale=(0.14, 1.0), flip_prob=0.5)
jitter = dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1, prob=0.8, gray_prob=0.2)
data_preprocessor = dict(views=[[crop, jitter], [crop, jitter, dict(type='RandomSolarize', prob=0.2)]])

optim_wrapper = dict(optimizer=dict(lr=0.24))
train_cfg = dict(max_epochs=5)
