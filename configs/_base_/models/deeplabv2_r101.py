# DeepLab v2 on ResNet-101, maps of 1/8, batch norm as ImageNet left it. The network starts from ImageNet (or, as in
# most tables, from COCO): --cfg-options load_from=FILE. Ours: one scale in training, where the paper's has three.
model = dict(
    type='FCN',
    backbone=dict(type='ResNet', depth=101, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), norm_eval=True),
    head=dict(type='DeepLabV2Head', num_classes=21),
    count_void=False)

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=2.5e-4, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(
        custom_keys={
            'head': dict(lr_mult=10.0),
            **{f'head.scores.{number}.bias': dict(lr_mult=20.0, decay_mult=0.0) for number in range(4)}
        }))
param_scheduler = [dict(type='PolyLR', power=0.9, by_epoch=False)]
auto_scale_lr = dict(base_batch_size=10)
