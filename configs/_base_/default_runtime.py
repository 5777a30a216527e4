default_scope = 'mmwsl'
runner_type = 'mmwsl.Runner'

# The Runner adds iteration_seed, optimizer_step and pixel_count; a config's custom_hooks come after these.
default_hooks = dict(
    runtime_info=dict(type='SyncFreeInfoHook'),
    timer=dict(type='IterTimerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    logger=dict(type='LoggerHook', interval=20),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2))
log_processor = dict(
    custom_cfg=[dict(data_src=name, method_name='current') for name in ('images_per_second', 'data_wait')])

env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
