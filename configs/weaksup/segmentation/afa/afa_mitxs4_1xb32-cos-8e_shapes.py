# AFA on textured shapes of which two have a context that misleads, for a CPU: a narrow mix transformer that keeps maps
# of 1/4. It goes on from a network that knows single shapes (load_from=A_CHECKPOINT of start_mitxs4_..., see
# configs/suites/one_stage.py). Sizes and schedule are ours.
_base_ = ['../../../_base_/datasets/shapes.py', '../../../_base_/default_runtime.py']

model = dict(
    type='AFA',
    backbone=dict(
        type='MixTransformer',
        embed_dims=(16, 24, 36, 48),
        depths=(1, 1, 1, 2),
        num_heads=(1, 2, 3, 4),
        strides=(4, 1, 1, 1),
        reductions=(4, 4, 2, 1),
        mlp_ratio=2,
        drop_path_rate=0.0),
    head=dict(
        type='AFAHead',
        num_classes=5,
        decoder=dict(type='SegFormerHead', channels=64, norm_cfg=dict(type='BN'))),
    warmup=0.3,
    spread_from=0.5,
    assignment_scales=(1.0, 0.5),
    radius=6,
    refiner=dict(dilations=(1, 2, 4)))
data_preprocessor = dict(views=[[dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(batch_size=32, dataset=dict(num_images=2048))
test_dataloader = dict(dataset=dict(num_images=400))
test_evaluator = [dict(type='IoUMetric', num_classes=6), dict(type='MultiLabelMetric')]

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    paramwise_cfg=dict(norm_decay_mult=0.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8)
auto_scale_lr = dict(base_batch_size=32)
