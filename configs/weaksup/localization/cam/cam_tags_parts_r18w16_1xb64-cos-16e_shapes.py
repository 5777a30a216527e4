# Class activation maps of one class, a ring upon a capsule in a third of the images, from its tag, for a CPU: the
# classifier of the four steps for small parts.
_base_ = './cam_tags_r18w16_1xb64-cos-8e_digitscenes.py'

parts = dict(
    _delete_=True, type='Shapes', size=64, part='ring', part_probability=0.35, objects=(1, 2), in_memory=True)
model = dict(head=dict(num_classes=1), backbone=dict(strides=(1, 1, 1, 1)))  # maps of a quarter of the side
data_preprocessor = dict(mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54])
train_dataloader = dict(dataset=dict(split='train', num_images=8192, supervision='image', **parts))
test_dataloader = dict(dataset=dict(split='test', num_images=1000, supervision='image', **parts))
benchmark = dict(dataset='Shapes')
train_cfg = dict(max_epochs=16)
