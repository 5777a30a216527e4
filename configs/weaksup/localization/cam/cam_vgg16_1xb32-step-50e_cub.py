# VGG16-GAP with the settings of the WSOL benchmark, its learning rate as users quote it from the authors' table. Starts
# from ImageNet weights: --cfg-options load_from=FILE (mmwsl convert makes it of torchvision's).
_base_ = [
    '../../../_base_/datasets/wsol_cub.py', '../../../_base_/schedules/sgd_head10_step_50e.py',
    '../../../_base_/default_runtime.py'
]

model = dict(type='Localizer', backbone=dict(type='VGG16'), head=dict(type='CAMHead', num_classes=200, channels=1024))
optim_wrapper = dict(optimizer=dict(lr=0.00001268269))
