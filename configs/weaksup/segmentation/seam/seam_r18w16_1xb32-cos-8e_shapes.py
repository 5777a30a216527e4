# SEAM on one or two textured shapes of ten classes, for a CPU: maps of 1/4, the copy at a half. It starts from a
# network that knows their tags, as those for photos start from ImageNet: see configs/suites/seam.py.
_base_ = './seam_r18w16_1xb32-cos-4e_digitscenes.py'

shapes = dict(_delete_=True, type='Shapes', num_classes=10, size=64, objects=(1, 2))
data_preprocessor = dict(mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54])
train_dataloader = dict(dataset=dict(split='train', num_images=4096, supervision='image', **shapes))
test_dataloader = dict(dataset=dict(split='test', num_images=400, supervision='full', **shapes))
test_evaluator = [
    dict(type='ClassMapIoUMetric', num_classes=11),
    dict(type='MultiLabelMetric'),
]
benchmark = dict(dataset='Shapes')
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=8)
del shapes
