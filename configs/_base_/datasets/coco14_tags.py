# Tags of COCO 2014's photos: a list with a line `COCO_train2014_000000000009.jpg 45 49 50` for each, the classes of its
# class map without the background, counted from 0. Tested on class maps; see coco14_class_maps.py.
_base_ = './coco14_class_maps.py'

data_preprocessor = dict(_delete_=True, type='ViewPreprocessor', mean=[123.675, 116.28, 103.53],
                         std=[58.395, 57.12, 57.375], channels_last=True)
train_dataloader = dict(
    batch_size=4,
    collate_fn=dict(type='collate_batch'),
    dataset=dict(
        _delete_=True,
        type='ImageList',
        list_file='data/coco/train2014_tags.txt',
        data_prefix='data/coco/train2014',
        classes=_base_.class_names[1:],
        multi_label=True,
        supervision='image',
        pipeline=[
            dict(type='RandomScale', size=(2048, 512), factors=(0.9, 2.0)),
            dict(type='RandomCropTagged', size=448),
            dict(type='RandomFlip', prob=0.5),
        ]))
