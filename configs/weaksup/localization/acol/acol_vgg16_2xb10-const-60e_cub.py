# Adversarial complementary learning on CUB with the settings of its authors' script. Our choice: see the config of
# ILSVRC. Starts from ImageNet weights: --cfg-options load_from=FILE.
_base_ = [
    '../../../_base_/datasets/wsol_cub.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='Localizer',
    backbone=dict(type='VGG16'),
    head=dict(type='ACoLHead', num_classes=200, threshold=0.6, average=True))
train_dataloader = dict(batch_size=10)

optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = []
train_cfg = dict(max_epochs=60)
auto_scale_lr = dict(base_batch_size=20)
