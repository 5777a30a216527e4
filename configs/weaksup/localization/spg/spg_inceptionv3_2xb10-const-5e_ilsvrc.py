# Self-produced guidance with the settings of its authors' script, on maps of 28 x 28. Our choice: crops of 224 of 256
# pixels (theirs are 321 of 356), and a head that learns ten times as fast, which their code provides for under names
# that its layers do not have. Starts from ImageNet weights: --cfg-options load_from=FILE.
_base_ = [
    '../../../_base_/datasets/wsol_ilsvrc.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='Localizer',
    backbone=dict(type='InceptionV3', stride=1, out_indices=(1, 2)),
    head=dict(
        type='SPGHead', num_classes=1000, side_layers=(-2, -1), classifier=dict(channels=(1024, 1024), dropout=0.5)))
train_dataloader = dict(batch_size=10)

optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = []
train_cfg = dict(max_epochs=5)
auto_scale_lr = dict(base_batch_size=20)
