# ImageNet with its classes, to generate images of 256 px: the middle square, mirrored at random. Values compare with
# published ones only if `network` is the standard Inception network, as TorchScript.
data_preprocessor = dict(
    type='ViewPreprocessor', mean=[127.5] * 3, std=[127.5] * 3, views=[[dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        type='ImageFolder',
        data_root='data/imagenet/train',
        supervision='image',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=256)]))
test_dataloader = dict(
    batch_size=50,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(
        type='ImageFolder',
        data_root='data/imagenet/val',
        supervision='none',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=256)]))
test_evaluator = dict(type='GenerationMetric', network='data/inception/inception.pt')
test_cfg = dict()
benchmark = dict(dataset='ImageNet')
