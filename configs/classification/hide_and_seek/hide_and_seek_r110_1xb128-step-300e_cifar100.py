_base_ = './hide_and_seek_r44_1xb128-step-300e_cifar100.py'

model = dict(backbone=dict(depth=110))
param_scheduler = [  # as without Hide-and-Seek
    dict(type='LinearLR', start_factor=0.1, end=1, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[150, 225], gamma=0.1),
]
