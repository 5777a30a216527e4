# The warm-up of CoSA as a training of its own, so that one serves all rows of a comparison: tags teach both
# classifiers, nothing teaches the segmentation. Its class maps are what the others start from.
_base_ = './cosa_plain_r18w16_1xb16-cos-1e_shapes.py'

model = dict(warmup=1.0, momentum=0.99)
train_dataloader = dict(batch_size=32, dataset=dict(num_images=2048))
optim_wrapper = dict(paramwise_cfg=dict(_delete_=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=4)
auto_scale_lr = dict(base_batch_size=32)
