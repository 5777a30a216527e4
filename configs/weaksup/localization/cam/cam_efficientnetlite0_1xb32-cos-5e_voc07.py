# Class activation maps of photos with several tags, for a CPU: a linear classifier on the frozen network of ImageNet,
# maps of 14 x 14.
_base_ = [
    '../../../_base_/models/localizer_efficientnetlite0.py', '../../../_base_/datasets/voc07_tags.py',
    '../../../_base_/schedules/sgd_cos_head.py', '../../../_base_/default_runtime.py'
]

model = dict(head=dict(type='MultiLabelHead', num_classes=20, norm_cfg=dict(type='BN')))
