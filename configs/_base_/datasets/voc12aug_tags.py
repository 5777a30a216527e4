# Tags of the photos of VOC2012 with those of SBD (trainaug): a list with a line
# `JPEGImages/2007_000032.jpg 0 14` for each, the classes of its class map, which `mmwsl prepare voc_aug` makes, without
# the background and counted from 0; docs/weak/seam_edam.md has the lines that write it.
classes = [
    'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow', 'diningtable', 'dog',
    'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train', 'tvmonitor'
]
tagged = dict(
    type='ImageList',
    list_file='data/VOCdevkit/VOC2012/ImageSets/Segmentation/trainaug_tags.txt',
    data_prefix='data/VOCdevkit/VOC2012',
    classes=classes,
    multi_label=True,
    supervision='image')

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], channels_last=True,
    views=[[dict(type='ColorJitter', brightness=0.3, contrast=0.3, saturation=0.3, hue=0.1)]])
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        pipeline=[
            dict(type='RandomScale', size=(768, 768), factors=(448 / 768, 1.0)),
            dict(type='RandomCropTagged', size=448),
            dict(type='RandomFlip', prob=0.5),
        ],
        **tagged))
benchmark = dict(dataset='VOC12Aug')
del tagged
