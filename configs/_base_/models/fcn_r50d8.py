# FCN on maps of 1/8: two convolutions on the last stage, one on the stage before it as an auxiliary loss.
sync = dict(type='SyncBN')
model = dict(
    type='FCN',
    backbone=dict(
        type='ResNet', depth=50, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), out_indices=(3, 4), norm_cfg=sync),
    head=dict(type='FCNHead', in_channels=2048, channels=512, num_classes=21, norm_cfg=sync),
    auxiliary_head=dict(
        type='FCNHead', in_channels=1024, channels=256, num_classes=21, num_convs=1, concat=False, index=0,
        norm_cfg=sync))
