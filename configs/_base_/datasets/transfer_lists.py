# A set to transfer to: list files (lines of `path class`, or of `path class class ...` for tags) and a metric.
pipeline = [dict(type='ResizeCenterCrop', resize=224, crop=224)]
benchmark = dict(
    batch_size=64,
    num_workers=8,
    train=dict(type='ImageList', list_file='train.txt', pipeline=pipeline),
    test=dict(type='ImageList', list_file='test.txt', pipeline=pipeline),
    protocols=dict(logistic=dict(metric='top1')))
