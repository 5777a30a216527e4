# Fine-tuning with 10 % of the labels as SwAV has it.
_base_ = './semi_supervised_10pct_r50_4xb64-step-20e_imagenet.py'

optim_wrapper = dict(
    optimizer=dict(lr=0.01, weight_decay=0), paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=20.0))))
