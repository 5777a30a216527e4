# The paper's solver in epochs: 450 k steps of 40 images are 14, and 3e-5 falls to 1e-5 and 3e-6 at 200 k and 375 k. It
# is of its own network; that of the AlexNet, whose decoder is ours, is not published.
_base_ = ['../../_base_/models/colorization.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    mean=[0, 0, 0], std=[255, 255, 255],
    views=[[dict(type='RandomHorizontalFlip', prob=0.5)]])
train_dataloader = dict(
    batch_size=40,
    dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=256, crop=176)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=3e-5, betas=(0.9, 0.99), weight_decay=1e-3))
param_scheduler = [dict(type='MultiStepLR', milestones=[6, 12], gamma=0.316)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=14)
auto_scale_lr = dict(base_batch_size=40)
