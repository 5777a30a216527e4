# A folder of your own images, of any size: views of 64 px, a network that trains on a CPU.
# --cfg-options train_dataloader.dataset.data_root=DIR benchmark.test.data_root=DIR
_base_ = ['./simclr_r18w16_1xb256-cos-10e_cifar10.py']

data_root = 'data/images'
data_preprocessor = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    views=[[
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
    ]] * 2)
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    dataset=dict(
        _delete_=True,
        type='ImageFolder',
        data_root=data_root,
        supervision='none',
        on_error='skip',
        verify=True,
        pipeline=[dict(type='RandomCrops', num_views=2, size=64, scale=(0.2, 1.0), flip_prob=0.5)]))
benchmark = dict(
    _delete_=True,
    dataset='folder',
    num_workers=4,
    test=dict(
        type='ImageFolder',
        data_root=data_root,
        labelled=False,
        on_error='skip',
        verify=True,
        pipeline=[dict(type='ResizeCenterCrop', resize=72, crop=64)]))

optim_wrapper = dict(optimizer=dict(lr=0.06))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=10, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=64)
