# Photos with one box each, in COCO's form: the object's crop at 128 px and a crop of the scene at 126 px, as FineGAN is
# published. `mmwsl pseudo-boxes` writes such a folder from a detector that learnt from tags. Values compare with
# published ones only if `network` is the standard Inception network, as TorchScript.
data_root = 'data/birds'
photos = dict(
    type='COCO', ann_file=data_root + '/train.json', data_prefix=data_root + '/images', supervision='boxes',
    drop_empty=True)

data_preprocessor = dict(type='ViewPreprocessor', mean=[127.5] * 3, std=[127.5] * 3)
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(type='ObjectAndBackground', size=128, background_size=126, dataset=photos))
test_dataloader = dict(
    batch_size=50,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(type='ObjectAndBackground', size=128, training=False, dataset=photos))
test_evaluator = dict(type='GenerationMetric', network='data/inception/inception.pt')
test_cfg = dict()
benchmark = dict(dataset='birds')
