# A small recipe for a CPU: figures of sticks before four cameras, 32 pixels. Pixels alone are compared, squared: by the
# absolute difference thin limbs are never drawn. The latent is normalized, limbs are wide, and people are many, so that
# those of the test are no stranger than others.
_base_ = ['../../_base_/schedules/adamw_cos_small.py', '../../_base_/default_runtime.py']

model = dict(
    type='GeometryAware',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 2, 1)),
    decoder=dict(type='ViewDecoder', channels=(64, 32, 16, 16), size=32, dropout=0.1),
    points=40,
    appearance=24,
    grid=4,
    pixel_loss='squared',
    norm_cfg=dict(type='BN'))
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[]] * 4)
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='MultiViewFigures', split='train', num_moments=1200, people=60, size=32, limb_width=0.2,
        supervision='none'))
benchmark = dict(dataset='MultiViewFigures')
train_cfg = dict(max_epochs=10)
