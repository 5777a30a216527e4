# BoxInst's terms on YOLACT: masks of shapes from their boxes alone.
_base_ = ['yolact_r18w16_1xb16-cos-12e_shapes.py']

model = dict(semantic=False, weights=dict(mask=1.0), mask_branch=dict(type='BoxInstPrototypes', warmup=4000))
train_dataloader = dict(dataset=dict(supervision='boxes'))
