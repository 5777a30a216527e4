# Class activation maps of one or two textured shapes of ten classes, from tags, for a CPU: the classifier of the four
# steps.
_base_ = './cam_tags_r18w16_1xb64-cos-8e_digitscenes.py'

shapes = dict(_delete_=True, type='Shapes', num_classes=10, size=64, objects=(1, 2))
data_preprocessor = dict(mean=[137.31, 127.38, 117.36], std=[50.01, 44.86, 54.54])
train_dataloader = dict(batch_size=32, dataset=dict(split='train', num_images=4096, supervision='image', **shapes))
test_dataloader = dict(dataset=dict(split='test', num_images=400, supervision='full', **shapes))
benchmark = dict(dataset='Shapes')
auto_scale_lr = dict(base_batch_size=32)
del shapes
