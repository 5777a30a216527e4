# FCN of small parts, rings upon capsules, at a quarter of the side, for a CPU: the segmentor of their four steps.
_base_ = './fcn_r18w16_1xb32-cos-24e_digitscenes.py'

parts = dict(
    _delete_=True, type='Shapes', size=64, part='ring', part_probability=0.35, objects=(1, 2), supervision='full')
model = dict(head=dict(num_classes=2), backbone=dict(strides=(1, 1, 1, 1)))
data_preprocessor = dict(mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54])
train_dataloader = dict(dataset=dict(split='train', num_images=2048, **parts))
test_dataloader = dict(dataset=dict(split='test', num_images=400, **parts))
test_evaluator = dict(num_classes=2)
benchmark = dict(dataset='Shapes')
