# After solo-learn's CIFAR-10 recipes: LARS in LARC's clipping form with a trust coefficient of 0.02, nothing of one
# dimension decayed or adapted; ten epochs of warm-up from 1e-4 of the learning rate, then a cosine.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    optimizer=dict(
        type='LARS', lr=0.3, momentum=0.9, weight_decay=1e-4, trust_coefficient=0.02, clip=True, norm_sum=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=10, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=1000)
auto_scale_lr = dict(base_batch_size=256)
