# ViT-PCM's core on a CNN, on textured shapes of which two have a context that misleads, for a CPU: maps of 1/4 of the
# third stage. configs/suites/one_stage.py starts it from a network that knows single shapes. Sizes and schedule are
# ours.
_base_ = ['../../../_base_/datasets/shapes.py', '../../../_base_/default_runtime.py']

model = dict(
    type='ViTPCM',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(3,)),
    head=dict(type='PatchClassifier', num_classes=5, dropout=0.0))
data_preprocessor = dict(views=[[dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(batch_size=32, dataset=dict(num_images=2048))
test_dataloader = dict(dataset=dict(num_images=400))
test_evaluator = [dict(type='IoUMetric', num_classes=6), dict(type='MultiLabelMetric')]

optim_wrapper = dict(type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8)
auto_scale_lr = dict(base_batch_size=32)
