# A small recipe for a CPU: ResNet-18 of base width 16. 10 epochs x 49,920 images x 2 views = 1,022 million pixels.
# The loss sums 512 x 512 correlations; weighted by 0.01 its gradient suits SGD from the first epoch.
_base_ = [
    '../../_base_/models/barlow_twins.py', '../../_base_/datasets/cifar10_byol.py',
    '../../_base_/schedules/sgd_warm_cos_b256.py', '../../_base_/default_runtime.py'
]

model = dict(
    backbone=dict(depth=18, base_channels=16, stem='cifar', zero_init_residual=False),
    neck=dict(in_channels=128, hidden_channels=512, out_channels=512, num_layers=2),
    off_diagonal_weight=0.005,
    loss_weight=0.01)

optim_wrapper = dict(optimizer=dict(lr=0.12))
train_cfg = dict(max_epochs=10)
