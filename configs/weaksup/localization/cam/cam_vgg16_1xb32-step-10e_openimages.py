# VGG16-GAP on OpenImages30k: the example of the WSOL benchmark's README. Starts from ImageNet weights: --cfg-options
# load_from=FILE (mmwsl convert makes it of torchvision's).
_base_ = [
    '../../../_base_/datasets/wsol_openimages.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(type='Localizer', backbone=dict(type='VGG16'), head=dict(type='CAMHead', num_classes=100, channels=1024))
optim_wrapper = dict(optimizer=dict(lr=0.00227913316))
param_scheduler = [dict(type='MultiStepLR', milestones=[3, 6, 9], gamma=0.1)]
train_cfg = dict(max_epochs=10)
