_base_ = './moco_v3_r50_16xb256-cos-100e_imagenet.py'

optim_wrapper = dict(optimizer=dict(lr=4.8))  # 0.3 per 256 images
train_cfg = dict(max_epochs=300)
