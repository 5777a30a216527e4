# Tags and proposals of VOC2007, at one of five scales and mirrored at random. CorLoc is of the same set; average
# precision of the test set: --cfg-options test_dataloader.dataset.dataset.sets=VOC2007/test and the proposals of that.
data_root = 'data/VOCdevkit'
proposals = dict(type='WithProposals', proposals='data/proposals/voc2007_trainval.mat', max_proposals=2000)

data_preprocessor = dict(
    type='DetectionPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], divisor=8)
train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        dataset=dict(
            type='VOC',
            data_root=data_root,
            sets=['VOC2007/trainval'],
            supervision='image',
            pipeline=[
                dict(type='ResizeShortEdge', short=[480, 576, 688, 864, 1200], longest=2000),
                dict(type='RandomFlip', prob=0.5),
            ]),
        **proposals))
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='collate_list'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        dataset=dict(
            type='VOC',
            data_root=data_root,
            sets=['VOC2007/trainval'],
            supervision='boxes',
            pipeline=[dict(type='ResizeShortEdge', short=1200, longest=2000)]),  # the model makes the others of it
        **proposals))
test_evaluator = [dict(type='CorLocMetric', per_class=True), dict(type='VOCMetric', per_class=True)]
test_cfg = dict()
benchmark = dict(dataset='VOC07')
