# One to three digits on a photograph, with windows as proposals, ranked by the edges that end inside them: tags to
# train with, boxes to test. As CorLoc is, the test is of scenes that were trained on; average precision of others:
# --cfg-options test_dataloader.dataset.dataset.split=test.
scenes = dict(type='DigitScenes', objects=(1, 3), size=64, digit_scale=(0.35, 0.5), in_memory=True)
windows = dict(
    type='WithWindows', sides=(0.26, 0.32, 0.4), aspects=(0.65,), step=0.2, nms_iou=0.7, max_proposals=60)

data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82], divisor=4)
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(dataset=dict(split='train', num_scenes=1024, supervision='image', **scenes), **windows))
test_dataloader = dict(
    batch_size=50,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(dataset=dict(split='train', num_scenes=500, supervision='boxes', **scenes), **windows))
test_evaluator = [dict(type='CorLocMetric'), dict(type='VOCMetric')]
test_cfg = dict()
benchmark = dict(dataset='DigitScenes')
