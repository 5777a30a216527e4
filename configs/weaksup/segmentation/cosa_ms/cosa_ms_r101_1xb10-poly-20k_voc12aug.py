# CoSA-MS: DeepLab v2 on the pseudo-masks of CoSA, of trainaug, as `mmwsl maps` and `mmwsl masks` write them. Its
# schedule is not printed; this is that of other methods' segmentors.
_base_ = '../../../supervised/segmentation/deeplabv2_r101_1xb10-poly-20k_voc12aug.py'

train_dataloader = dict(dataset=dict(images='data/cosa_masks/images', maps='data/cosa_masks/masks', list_file=None))
