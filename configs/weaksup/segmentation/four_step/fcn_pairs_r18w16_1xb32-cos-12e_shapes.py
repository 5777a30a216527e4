# FCN of one or two textured shapes of ten classes, at a quarter of the side, for a CPU: segmentor of the four steps.
_base_ = './fcn_r18w16_1xb32-cos-24e_digitscenes.py'

model = dict(backbone=dict(strides=(1, 1, 1, 1)))
shapes = dict(_delete_=True, type='Shapes', num_classes=10, size=64, objects=(1, 2), supervision='full')
data_preprocessor = dict(mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54])
train_dataloader = dict(dataset=dict(split='train', num_images=2048, **shapes))
test_dataloader = dict(dataset=dict(split='test', num_images=400, **shapes))
benchmark = dict(dataset='Shapes')
train_cfg = dict(max_epochs=12)
del shapes
