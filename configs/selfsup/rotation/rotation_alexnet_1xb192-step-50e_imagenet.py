# RotNet's AlexNet up to its last max-pool, then global pooling and one linear layer in place of its three. The
# learning rate follows the table of its authors' code, which starts at 0.01.
_base_ = ['../../_base_/models/rotation.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(5,), final_pool=True), head=dict(in_channels=256))
data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    batch_size=192,
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4, nesterov=True))
param_scheduler = [dict(type='MultiStepLR', milestones=[15, 30, 45], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=50)
auto_scale_lr = dict(base_batch_size=192)
