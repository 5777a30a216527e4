# Fine-tuning with 1 % and 10 % of the labels over OpenSelfSup's grid of nine, chosen on a fifth of the few labels; the
# best by the test set, as it was published, stands beside it and is marked. 36 trainings of 20 epochs.
path = 'mmwsl::benchmarks/semi_supervised/semi_supervised_{}_r50_4xb64-step-20e_imagenet.py'
grid = {
    'optim_wrapper.optimizer.lr': [0.001, 0.01, 0.1],
    'optim_wrapper.paramwise_cfg.custom_keys.head.lr_mult': [1, 10, 100],
}
protocol = dict(type='semi_supervised', grid=grid, test_selected=True)
benchmark = dict(
    dataset='ImageNet',
    protocols=dict(
        semi_supervised_1=dict(config=path.format('1pct'), **protocol),
        semi_supervised_10=dict(config=path.format('10pct'), **protocol)))
del path, grid, protocol
