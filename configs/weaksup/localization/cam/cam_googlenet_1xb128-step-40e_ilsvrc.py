# GoogLeNet-GAP, trained for 40 epochs from 0.01 to 0.0001 and cut at 30 % of the map's maximum, as in the Hide-and-Seek
# paper. Our choice: batch size 128, and AlexNet's steps at the same shares of the training, as none are published.
_base_ = './cam_alexnet_1xb128-step-55e_ilsvrc.py'

model = dict(backbone=dict(_delete_=True, type='GoogLeNet'), head=dict(channels=1024))
param_scheduler = [
    dict(type='MultiStepParamScheduler', param_name='weight_decay', milestones=[21], gamma=0.0),
    dict(type='MultiStepLR', milestones=[13, 31], gamma=0.5),
    dict(type='MultiStepLR', milestones=[21, 38], gamma=0.2),
]
train_cfg = dict(max_epochs=40)
test_evaluator = dict(threshold=0.3)
