# Both halves of an AlexNet. The solver is that of Colorful Image Colorization by the same authors (450 k steps of 40
# images are 14 epochs, 3e-5 falls to 1e-5 and 3e-6); whether the paper used it is unverified.
_base_ = ['../../_base_/models/split_brain.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    mean=[0, 0, 0], std=[255, 255, 255],
    views=[[dict(type='RandomHorizontalFlip', prob=0.5)]])
train_dataloader = dict(
    batch_size=40,
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=256, crop=180)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=3e-5, betas=(0.9, 0.99), weight_decay=1e-3))
param_scheduler = [dict(type='MultiStepLR', milestones=[6, 12], gamma=0.316)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=14)
auto_scale_lr = dict(base_batch_size=40)
