# A proposal network that learns from motion alone where objects are: its boxes are those of what moves in clips of
# scenes, labels are never read. Tested on still scenes of the other split: recall of what it finds, of windows, and of
# windows re-ranked by it.
_base_ = ['../../../_base_/default_runtime.py']

clips = dict(type='DigitScenes', objects=(1, 1), size=64, digit_scale=(0.35, 0.5))
scenes = dict(type='DigitScenes', objects=(1, 3), size=64, digit_scale=(0.35, 0.5))
windows = dict(
    type='WithWindows', sides=(0.26, 0.32, 0.4), aspects=(0.5, 0.7, 1.0), step=0.2, nms_iou=0.8, max_proposals=250)

model = dict(
    type='ProposalNetwork',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(3,)),
    rpn_head=dict(
        type='RPNHead',
        in_channels=64,
        strides=(4,),
        sizes=((16, 22, 30),),
        positive=0.6,
        batch=64,
        pre_nms=(10, 200),  # nothing comes after it in training that would take them
        post_nms=(10, 50)))
find_unused_parameters = True  # of the fourth stage
data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], divisor=4)
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='MotionFrames',
        clips=dict(split='train', num_scenes=256, seed=100, clip_length=4, supervision='none', **clips)))
test_dataloader = dict(
    batch_size=50,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(dataset=dict(split='test', num_scenes=150, supervision='boxes', **scenes), **windows))
test_evaluator = dict(type='ProposalRecallMetric')
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=3)
auto_scale_lr = dict(base_batch_size=16)
