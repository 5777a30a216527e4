# The published network, warps, losses, optimizer and rates; ours: the number of steps, and normalizers for images of
# unit deviation. The perceptual network is VGG16, which the paper trains by colorization:
# --cfg-options model.perceptual.init_cfg.type=Pretrained model.perceptual.init_cfg.checkpoint=FILE.
_base_ = ['../../_base_/default_runtime.py']

model = dict(
    type='LandmarkGeneration',
    backbone=dict(type='PairedConvs', channels=32, stages=3),
    appearance=dict(type='PairedConvs', channels=32, stages=3),
    decoder=dict(type='LandmarkDecoder', channels=256, stages=3),
    landmarks=10,
    perceptual=dict(type='VGG16', out_indices=(1, 2, 3, 4, 5)),
    normalizers=(1.0, 1.6, 2.3, 1.8, 2.8, 100.0))
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[]])
train_dataloader = dict(
    batch_size=50,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ImageFolder', root='data/celeba', supervision='none',
        pipeline=[dict(type='ResizeToSquare', size=128)]))
benchmark = dict(dataset='CelebA')
optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='Adam', lr=1e-3), clip_grad=dict(max_norm=1.0))
param_scheduler = [dict(type='MultiStepLR', milestones=[100000, 200000], gamma=0.95, by_epoch=False)]
train_cfg = dict(type='ResumableEpochLoop', max_iters=300000)
auto_scale_lr = dict(base_batch_size=50)
