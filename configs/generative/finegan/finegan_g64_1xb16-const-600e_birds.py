# FineGAN on birds with the published constants: 200 children of 20 parents; boxes of the photos in COCO's form.
_base_ = [
    '../../_base_/models/finegan.py', '../../_base_/datasets/boxed_photos_128.py',
    '../../_base_/schedules/adam_gan.py', '../../_base_/default_runtime.py'
]

custom_hooks = [dict(type='SampleGridHook', interval=10), dict(type='HardNegativeHook', iterations=1500)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=600)
auto_scale_lr = dict(base_batch_size=16)
