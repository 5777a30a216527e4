# Cityscapes, 19 classes; `mmwsl prepare cityscapes data/cityscapes` makes the labelTrainIds files.
_base_ = './voc12aug_class_maps.py'

class_names = [
    'road', 'sidewalk', 'building', 'wall', 'fence', 'pole', 'traffic light', 'traffic sign', 'vegetation', 'terrain',
    'sky', 'person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'
]
data_root = 'data/cityscapes'
files = dict(
    image_suffix='_leftImg8bit.png', map_suffix='_gtFine_labelTrainIds.png', list_file=None, classes=class_names)
data_preprocessor = dict(divisor=1)  # a crop of 769 stays one
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        images=data_root + '/leftImg8bit/train',
        maps=data_root + '/gtFine/train',
        **files,
        pipeline=[
            dict(type='RandomScale', size=(2049, 1025), factors=(0.5, 2.0)),
            dict(type='RandomCropMap', size=769, most=0.75),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PhotometricDistortion'),
        ]))
test_dataloader = dict(
    dataset=dict(
        images=data_root + '/leftImg8bit/val',
        maps=data_root + '/gtFine/val',
        **files,
        pipeline=[dict(type='RandomScale', size=(2049, 1025), factors=(1.0, 1.0))]))
test_evaluator = dict(num_classes=19)
benchmark = dict(dataset='Cityscapes')
