# Class activation maps of 1/4 of the side, of tags alone: what SEAM and EDAM on shapes are measured against, with the
# same start, images, steps and rate.
_base_ = './cam_tags_r18w16_1xb32-cos-8e_shapes.py'

model = dict(backbone=dict(strides=(1, 1, 1, 1)))
optim_wrapper = dict(optimizer=dict(lr=2e-3, weight_decay=1e-4))
test_evaluator = [
    dict(type='ClassMapIoUMetric', num_classes=11),
    dict(type='MultiLabelMetric'),
]
