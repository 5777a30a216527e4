# CoSA-MS on Wide ResNet-38: DeepLab v1 on the pseudo-masks of CoSA; see the config of ResNet-101.
_base_ = '../../../supervised/segmentation/deeplabv1_wrn38_1xb10-poly-20k_voc12aug.py'

train_dataloader = dict(dataset=dict(images='data/cosa_masks/images', maps='data/cosa_masks/masks', list_file=None))
