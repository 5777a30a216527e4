# The published sizes, losses and optimizer, on files of calibrated views. The perceptual network is a ResNet-18 of
# ImageNet: --cfg-options model.perceptual.init_cfg.type=Pretrained model.perceptual.init_cfg.checkpoint=FILE; such
# weights carry labels of ImageNet, and without them only pixels should be compared (model.perceptual=None).
_base_ = ['../../_base_/default_runtime.py']

model = dict(
    type='GeometryAware',
    backbone=dict(type='ResNet', depth=50, frozen_stages=1),
    decoder=dict(type='ViewDecoder', channels=(512, 256, 128, 64, 32), size=128, dropout=0.3),
    points=200,
    appearance=128,
    perceptual=dict(type='ResNet', depth=18, out_indices=(1, 2)))
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[]] * 4)
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(type='MultiViewPoses', root='data/multi_view', size=128, supervision='none'))
benchmark = dict(dataset='MultiViewPoses')
optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_iters=600000)
auto_scale_lr = dict(base_batch_size=32)
