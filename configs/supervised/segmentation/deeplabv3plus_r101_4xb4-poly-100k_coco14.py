# COCO 2014 with true masks; with pseudo-masks: --cfg-options train_dataloader.dataset.maps=FOLDER.
# Ours: as long as DeepLab v2's on COCO.
_base_ = [
    '../../_base_/models/deeplabv3plus_r101.py', '../../_base_/datasets/coco14_class_maps.py',
    '../../_base_/default_runtime.py'
]

photo = (640, 480)  # about that of the photos themselves, which the paper leaves as they are
data_preprocessor = dict(divisor=1)
model = dict(head=dict(num_classes=81))
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        pipeline=[
            dict(type='RandomScale', size=photo, factors=(0.5, 2.0)),
            dict(type='RandomCropMap', size=513, most=1.0),
            dict(type='RandomFlip', prob=0.5),
        ]))
test_dataloader = dict(dataset=dict(pipeline=[dict(type='RandomScale', size=photo, factors=(1.0, 1.0))]))
train_cfg = dict(type='ResumableEpochLoop', max_iters=100000)
