# FCN from boxes whose every pixel counts as the object.
_base_ = './boxes_r18w16_1xb32-cos-12e_shapes.py'
train_dataloader = dict(dataset=dict(labels='rectangles'))
