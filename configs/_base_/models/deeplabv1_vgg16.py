# DeepLab-LargeFOV (v1) on VGG16, maps of 1/8: no fourth pooling, and convolutions with holes behind it. The network
# starts from ImageNet: --cfg-options load_from=FILE. Ours: poolings of 2 x 2, and none of stride 1 at the end.
model = dict(
    type='FCN',
    backbone=dict(type='VGG16', strides=(1, 2, 2, 2, 1), dilations=(1, 1, 1, 1, 2)),
    head=dict(
        type='LargeFOVHead', num_classes=21, channels=1024, kernels=(3, 1), dilations=(12, 1), dropout=0.5),
    count_void=False)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys={'head.scores': dict(lr_mult=10.0)}))
param_scheduler = [dict(type='MultiStepLR', milestones=[2000, 4000], gamma=0.1, by_epoch=False)]
auto_scale_lr = dict(base_batch_size=20)
