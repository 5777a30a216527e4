# AlexNet-GAP, trained from nothing by the table of the Hide-and-Seek authors' code: learning rate 0.01, 0.005, 0.001,
# 0.0005, 0.0001 from epochs 1, 19, 30, 44, 53, and no weight decay from epoch 30 on.
_base_ = ['../../../_base_/datasets/wsol_ilsvrc.py', '../../../_base_/default_runtime.py']

model = dict(
    type='Localizer', backbone=dict(type='AlexNet'), head=dict(type='CAMHead', num_classes=1000, channels=512))
train_dataloader = dict(batch_size=128)

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [
    dict(type='MultiStepParamScheduler', param_name='weight_decay', milestones=[29], gamma=0.0),
    dict(type='MultiStepLR', milestones=[18, 43], gamma=0.5),
    dict(type='MultiStepLR', milestones=[29, 52], gamma=0.2),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=55)
auto_scale_lr = dict(base_batch_size=128)
