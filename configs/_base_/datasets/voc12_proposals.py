# Tags and proposals of VOC2012, as of VOC2007.
_base_ = './voc07_proposals.py'

train_dataloader = dict(
    dataset=dict(dataset=dict(sets=['VOC2012/trainval']), proposals='data/proposals/voc2012_trainval.mat'))
test_dataloader = dict(
    dataset=dict(dataset=dict(sets=['VOC2012/trainval']), proposals='data/proposals/voc2012_trainval.mat'))
benchmark = dict(dataset='VOC12')
