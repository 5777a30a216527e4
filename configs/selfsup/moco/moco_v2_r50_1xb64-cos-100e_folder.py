# A folder of your own photos, for a standard ResNet-50 at 224 px, which other libraries load (mmwsl export); for a GPU.
# --data DIR
# The queue is short and the teacher fast, as a folder has fewer photos than ImageNet; the rest is as published.
_base_ = ['./moco_v2_r50_8xb32-cos-200e_imagenet.py']

data_root = 'data/images'
model = dict(queue=dict(length=4096), momentum=0.99)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        data_root=data_root,
        on_error='skip',
        verify=True))
benchmark = dict(
    _delete_=True,
    dataset='folder',
    batch_size=64,
    num_workers=4,
    test=dict(
        type='ImageFolder',
        data_root=data_root,
        labelled=False,
        on_error='skip',
        verify=True,
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]))

optim_wrapper = dict(optimizer=dict(lr=0.0075))
train_cfg = dict(max_epochs=100)
auto_scale_lr = dict(base_batch_size=64)
