# UPerNet on Swin-B with an auxiliary head on the third stage, as Swin's authors train it: AdamW, 1,500 steps of
# warm-up, then linearly to 0. The network starts from ImageNet: --cfg-options load_from=FILE.
model = dict(
    type='FCN',
    backbone=dict(type='SwinTransformer', arch='base', drop_path_rate=0.3, out_indices=(0, 1, 2, 3)),
    head=dict(type='UPerNetHead', num_classes=21, channels=512),
    auxiliary_head=dict(type='FCNHead', channels=256, num_classes=21, num_convs=1, concat=False, index=2),
    auxiliary_weight=0.4,
    count_void=False)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=6e-5, betas=(0.9, 0.999), weight_decay=0.01),
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys={'relative_position_bias_table': dict(decay_mult=0.0)}))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, end=1500),
    dict(type='PolyLR', power=1.0, by_epoch=False, begin=1500),
]
auto_scale_lr = dict(base_batch_size=16)
