_base_ = './vicreg_r50_32xb64-cos-1000e_imagenet.py'

optim_wrapper = dict(optimizer=dict(lr=0.6))  # 0.3 per 256 images
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=512)
