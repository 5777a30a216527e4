# Photos of VOC2007's train set with all their tags, so that a part of VOC serves as well as the whole, and 500
# proposals each, of:
# mmwsl proposals data/VOCdevkit/VOC2007/JPEGImages --out data/proposals/voc07.proposals --max-per-image 500
# CorLoc is of the same photos; average precision of others:
# --cfg-options test_dataloader.dataset.dataset.sets=VOC2007/val
photos = dict(type='VOC', data_root='data/VOCdevkit', sets=['VOC2007/train'])
regions = dict(type='WithProposals', proposals='data/proposals/voc07.proposals', max_proposals=500)

data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[127.0] * 3, std=[128.0] * 3, divisor=16, channels_last=True)
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        dataset=dict(
            supervision='image',
            pipeline=[
                dict(type='ResizeShortEdge', short=[288, 320, 384], longest=640),
                dict(type='RandomFlip', prob=0.5),
            ],
            **photos),
        **regions))
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        dataset=dict(
            supervision='boxes', pipeline=[dict(type='ResizeShortEdge', short=320, longest=640)], **photos),
        **regions))
test_evaluator = [dict(type='CorLocMetric'), dict(type='VOCMetric')]
test_cfg = dict()
benchmark = dict(dataset='VOC07')
