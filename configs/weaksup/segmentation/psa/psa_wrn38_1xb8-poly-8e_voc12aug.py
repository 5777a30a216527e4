# PSA as published: Wide ResNet-38 with maps of 1/8, affinity features of 448 channels from conv4, conv5 and conv6,
# pairs nearer than 5. Starts from weights of ImageNet, or of the classifier: --cfg-options load_from=FILE. Its pair
# labels have the backgrounds (1 - largest)^24 and (1 - largest)^4, and a dense CRF each:
# `mmwsl masks MAPS --power 24 4 --out data/voc12aug_pair_labels`, see docs/weak/affinity.md. Ours: crops with two
# labels are preferred.
_base_ = ['../../../_base_/datasets/voc12aug_pair_labels.py', '../../../_base_/default_runtime.py']

model = dict(
    type='AffinityNet',
    backbone=dict(type='WideResNet', out_indices=(4, 5, 7), frozen_stages=2, norm_eval=True),
    channels=(64, 128, 256),
    radius=5,
    beta=8,
    log2_steps=8,
    power=16)
data_preprocessor = dict(
    view=[dict(type='ColorJitter', brightness=0.3, contrast=0.3, saturation=0.3, hue=0.1)])
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='RandomCropMap', size=448, most=1.0),
        dict(type='RandomFlip', prob=0.5),
    ]))
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4),
    paramwise_cfg=dict(
        bias_lr_mult=2.0, bias_decay_mult=0.0,
        custom_keys=dict(reductions=dict(lr_mult=10.0), joined=dict(lr_mult=10.0))))
param_scheduler = [dict(type='PolyLR', power=0.9, convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=8)
auto_scale_lr = dict(base_batch_size=8)
