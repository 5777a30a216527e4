# The ceiling of methods of scenes on objects of COCO that were pasted upon one another: the same network, told what
# is hidden. It learns from scenes that are made as those of the test, of other photos: truth is known of no others.
_base_ = '../pcnet_m/pcnet_m_unet8_1xb64-cos-100e_coco.py'

model = dict(type='SupervisedCompletion', shape_threshold=0.5)
train_dataloader = dict(dataset=dict(
    amodal=True,
    min_pixels=16,
    dataset=dict(
        _delete_=True, type='PastedObjects', num_scenes=800, size=128, objects=(2, 4),
        dataset=dict(
            type='COCO', supervision='full', ann_file='data/coco/annotations/instances_train2017.json',
            data_prefix='data/coco/train2017'))))
train_cfg = dict(max_epochs=24)
