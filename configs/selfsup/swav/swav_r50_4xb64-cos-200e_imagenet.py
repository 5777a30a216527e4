# Batch 256: a queue of 3840 from epoch 15 on, prototypes frozen for the first epoch (5005 steps), no warm-up.
_base_ = './swav_r50_64xb64-cos-800e_imagenet.py'

model = dict(queue_length=3840, queue_start=15 / 200)

optim_wrapper = dict(optimizer=dict(lr=0.6))
param_scheduler = [
    dict(type='CosineAnnealingLR', eta_min=0.0006, convert_to_iter_based=True)
]
train_cfg = dict(max_epochs=200)
custom_hooks = [dict(type='FreezeHook', modules=['prototypes'], iterations=5005)]
auto_scale_lr = dict(base_batch_size=256)
