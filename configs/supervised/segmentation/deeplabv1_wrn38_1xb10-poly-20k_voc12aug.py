# The segmentor of SEAM's tables with true masks, its ceiling; with pseudo-masks:
# --cfg-options train_dataloader.dataset.maps=FOLDER. Constants of the published code, which trains no scale or shift of
# the norms; ours are those of the head, and colors that change more.
_base_ = [
    '../../_base_/models/deeplabv1_wrn38.py', '../../_base_/datasets/voc12aug_class_maps.py',
    '../../_base_/default_runtime.py'
]

photo = (500, 375)  # about that of the photos themselves, which the paper leaves as they are
data_preprocessor = dict(divisor=1)
train_dataloader = dict(
    batch_size=10,
    dataset=dict(
        pipeline=[
            dict(type='RandomScale', size=photo, factors=(0.5, 1.5)),
            dict(type='RandomCropMap', size=448, most=1.0),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PhotometricDistortion'),
        ]))
test_dataloader = dict(dataset=dict(pipeline=[dict(type='RandomScale', size=photo, factors=(1.0, 1.0))]))
train_cfg = dict(type='ResumableEpochLoop', max_iters=20000)
