# YOLACT with filled boxes for masks: what BoxInst must beat.
_base_ = ['yolact_r18w16_1xb16-cos-12e_shapes.py']

model = dict(mask_branch=dict(from_boxes=True))
train_dataloader = dict(dataset=dict(supervision='boxes'))
