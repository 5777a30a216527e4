# Adam at a constant rate, one for each half of an adversarial model.
optim_wrapper = dict(
    type='AutocastOptimWrapper',
    constructor='HalvesConstructor',
    dtype='float32',
    optimizer=dict(type='Adam', lr=2e-4, betas=(0.5, 0.999)))
param_scheduler = []
custom_hooks = [dict(type='SampleGridHook')]
