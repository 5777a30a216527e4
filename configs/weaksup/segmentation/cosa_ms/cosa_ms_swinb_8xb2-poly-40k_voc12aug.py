# CoSA-MS on Swin-B: UPerNet on the pseudo-masks of CoSA; see the config of ResNet-101. Windows of 7, crops of 512 and
# 40,000 steps are ours.
_base_ = [
    '../../../_base_/models/upernet_swinb.py', '../../../_base_/datasets/voc12aug_class_maps.py',
    '../../../_base_/default_runtime.py'
]

data_preprocessor = dict(divisor=32)
train_dataloader = dict(
    batch_size=2, dataset=dict(images='data/cosa_masks/images', maps='data/cosa_masks/masks', list_file=None))
train_cfg = dict(type='ResumableEpochLoop', max_iters=40000)
