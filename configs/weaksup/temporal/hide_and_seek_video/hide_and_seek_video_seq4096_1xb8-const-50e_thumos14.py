# Hide-and-Seek on videos of THUMOS14: features of C3D's fc7, ten a second, the sequence cut into 20 segments, each
# hidden with probability 0.5 behind the training set's mean feature; two 1 x 1 temporal convolutions of 500 kernels.
# Trained on the labels of all 1,010 validation videos of 101 classes, tested on those whose segments are annotated, the
# class known. Not verified against the paper: optimiser, learning rate, batch size, epochs (our choice), and all of the
# pipeline's constants but THUMOS14's own; the score of a detection is the mean of its run, which may be the maximum.
# data/thumos14 needs c3d_fc7/VIDEO.npy (T, 4096), annotation/CLASS_val.txt and labels_val.txt (lines `VIDEO CLASS`).
_base_ = '../../../_base_/default_runtime.py'

model = dict(type='TemporalLocalizer', in_channels=4096, num_classes=101, channels=500, segments=20, hide_prob=0.5)
data_preprocessor = dict(type='BaseDataPreprocessor')
videos = dict(
    type='THUMOS14', feature_root='data/thumos14/c3d_fc7', annotation_root='data/thumos14/annotation', split='val',
    rate=10, label_file='data/thumos14/labels_val.txt')
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='collate_sequences'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(**videos))
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    collate_fn=dict(type='collate_sequences'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(supervision='full', **videos))
test_evaluator = dict(type='TemporalMetric', threshold=0.5)
test_cfg = dict()
custom_hooks = [dict(type='MeanFeatureHook')]
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=50)
auto_scale_lr = dict(base_batch_size=8)
benchmark = dict(dataset='THUMOS14')
