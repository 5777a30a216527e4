# SGD with a poly schedule on a network of ImageNet, as PSA and SEAM train: biases at twice the rate and without weight
# decay, what starts from nothing at ten times the rate. The leaf sets epochs.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='GroupingConstructor',
    paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0, custom_keys=dict(head=dict(lr_mult=10.0))),
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
param_scheduler = [dict(type='PolyLR', power=0.9, convert_to_iter_based=True)]
train_cfg = dict(type='ResumableEpochLoop')
auto_scale_lr = dict(base_batch_size=8)
