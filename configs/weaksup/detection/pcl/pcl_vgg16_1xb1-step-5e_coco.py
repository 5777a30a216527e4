# PCL on COCO; the schedule is ours.
_base_ = [
    '../../../_base_/models/oicr_vgg16.py', '../../../_base_/datasets/coco_proposals.py',
    '../../../_base_/schedules/weak_detection_oicr.py', '../../../_base_/default_runtime.py'
]

model = dict(head=dict(type='PCLHead', num_classes=80))
param_scheduler = [dict(type='MultiStepLR', milestones=[4], gamma=0.1)]
train_cfg = dict(max_epochs=5)
