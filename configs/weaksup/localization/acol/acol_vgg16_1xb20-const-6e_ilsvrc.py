# Adversarial complementary learning with the settings of its authors' script. Our choice: biases learn at their
# weights' rate (theirs at twice that), and VGG16 keeps its own poolings (theirs are 3 x 3). Starts from ImageNet
# weights: --cfg-options load_from=FILE.
_base_ = [
    '../../../_base_/datasets/wsol_ilsvrc.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='Localizer',
    backbone=dict(type='VGG16'),
    head=dict(type='ACoLHead', num_classes=1000, threshold=0.6, average=True))
train_dataloader = dict(batch_size=20)

optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = []
train_cfg = dict(max_epochs=6)
auto_scale_lr = dict(base_batch_size=20)
