# FCN on textured shapes, for a CPU: the second phase on pseudo-masks of a one-stage method.
_base_ = './fcn_r18w16_1xb32-cos-24e_digitscenes.py'

model = dict(head=dict(num_classes=6))
data_preprocessor = dict(mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54])
shapes = dict(
    type='Shapes', num_classes=5, size=64, objects=(1, 3), context_classes=(0, 1), supervision='full')
train_dataloader = dict(dataset=dict(_delete_=True, split='train', num_images=2048, **shapes))
test_dataloader = dict(dataset=dict(_delete_=True, split='test', num_images=400, **shapes))
test_evaluator = dict(num_classes=6)
benchmark = dict(dataset='Shapes')
train_cfg = dict(max_epochs=12)
del shapes
