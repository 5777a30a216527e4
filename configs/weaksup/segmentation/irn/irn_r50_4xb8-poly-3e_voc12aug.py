# IRN as published: edges and displacements of 1/4 on a frozen ResNet-50 with maps of 1/16, pairs nearer than 10. Needs
# weights of ImageNet: --cfg-options load_from=FILE. Its pair labels have the backgrounds 0.05 and 0.30, and a dense CRF
# each: `mmwsl masks MAPS --threshold 0.05 0.3 --out data/voc12aug_pair_labels`. Ours: the stem's map is resized where
# the published one is max-pooled; the mean displacement is followed during training, not taken after it.
_base_ = ['../../../_base_/datasets/voc12aug_pair_labels.py', '../../../_base_/default_runtime.py']

model = dict(
    type='IRN',
    backbone=dict(
        type='ResNet', depth=50, strides=(1, 2, 2, 1), out_indices=(0, 1, 2, 3, 4), frozen_stages=4, norm_eval=True),
    edge_channels=32,
    displacement_channels=(64, 128, 256, 256, 256),
    radius=10,
    beta=10,
    log2_steps=8,
    walk_radius=5)
train_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='RandomScale', size=(500, 500), factors=(0.5, 1.5)),
        dict(type='RandomCropMap', size=512, most=1.0),
        dict(type='RandomFlip', prob=0.5),
    ]))
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(custom_keys=dict(displacement_branch=dict(lr_mult=10.0))))
param_scheduler = [dict(type='PolyLR', power=0.9, convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=3)
auto_scale_lr = dict(base_batch_size=32)
