# DeepLab v3+ on ResNet-101, maps of 1/16 and early ones of 1/4. The network starts from ImageNet: --cfg-options
# load_from=FILE. Ours: dilation 2 in the whole last stage, where the paper's grows within it.
sync = dict(type='SyncBN', momentum=3e-4)
model = dict(
    type='FCN',
    backbone=dict(
        type='ResNet', depth=101, strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2), out_indices=(1, 4), norm_cfg=sync),
    head=dict(type='DeepLabV3PlusHead', num_classes=21, norm_cfg=sync),
    count_void=False,
    scales=(0.5, 0.75, 1.0, 1.25, 1.5, 1.75),
    flip=True)

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.007, momentum=0.9, weight_decay=4e-5))
param_scheduler = [dict(type='PolyLR', power=0.9, by_epoch=False)]
auto_scale_lr = dict(base_batch_size=16)
del sync
