# Tags and proposals of COCO 2017, as of VOC2007, tested by COCO's average precision on the validation set.
_base_ = './voc07_proposals.py'

data_root = 'data/coco'
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            type='COCO',
            ann_file=data_root + '/annotations/instances_train2017.json',
            data_prefix=data_root + '/train2017',
            supervision='image',
            pipeline=[
                dict(type='ResizeShortEdge', short=[480, 576, 688, 864, 1200], longest=2000),
                dict(type='RandomFlip', prob=0.5),
            ]),
        proposals='data/proposals/coco2017_train.pkl'))
test_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            type='COCO',
            ann_file=data_root + '/annotations/instances_val2017.json',
            data_prefix=data_root + '/val2017',
            supervision='boxes',
            pipeline=[dict(type='ResizeShortEdge', short=1200, longest=2000)]),
        proposals='data/proposals/coco2017_val.pkl'))
test_evaluator = [dict(type='COCOMetric', ann_file=data_root + '/annotations/instances_val2017.json')]
benchmark = dict(dataset='COCO')
