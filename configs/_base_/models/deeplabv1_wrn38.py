# DeepLab v1 on Wide ResNet-38, maps of 1/8, as it is trained on the pseudo-masks of PSA and SEAM. The network starts
# from ImageNet: --cfg-options load_from=FILE.
model = dict(
    type='FCN',
    backbone=dict(type='WideResNet'),
    head=dict(
        type='LargeFOVHead',
        num_classes=21,
        channels=512,
        kernels=(3, 1),
        dilations=(12, 1),
        dropout=0.5,
        norm_cfg=dict(type='BN', momentum=3e-4)),
    count_void=False,
    scales=(0.5, 0.75, 1.0, 1.25, 1.5, 1.75),
    flip=True)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(
        norm_lr_mult=0.0,
        norm_decay_mult=0.0,
        custom_keys={'head': dict(lr_mult=10.0), 'head.scores.bias': dict(lr_mult=20.0, decay_mult=0.0)}))
param_scheduler = [dict(type='PolyLR', power=0.9, by_epoch=False)]
auto_scale_lr = dict(base_batch_size=10)
