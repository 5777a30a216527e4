# The published schedule of PCL: as OICR's, with the learning rate dropped after 50,000 of 70,000 steps.
_base_ = [
    '../../../_base_/models/oicr_vgg16.py', '../../../_base_/datasets/voc07_proposals.py',
    '../../../_base_/schedules/weak_detection_oicr.py', '../../../_base_/default_runtime.py'
]

model = dict(head=dict(type='PCLHead'))
param_scheduler = [dict(type='MultiStepLR', milestones=[20], gamma=0.1)]
