# Fine-tuning with 1 % of the labels as Barlow Twins has it.
_base_ = './semi_supervised_1pct_r50_4xb64-step-20e_imagenet.py'

optim_wrapper = dict(
    optimizer=dict(lr=0.005, weight_decay=0), paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=100.0))))
param_scheduler = [dict(type='CosineAnnealingLR')]
