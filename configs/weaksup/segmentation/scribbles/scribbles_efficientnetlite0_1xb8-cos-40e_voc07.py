# FCN from scribbles, drawn from the class maps of VOC2007, on the network of ImageNet; the weight of the dense energy
# is of Tang et al.
_base_ = '../../../supervised/segmentation/fcn_efficientnetlite0_1xb8-cos-40e_voc07.py'

model = dict(type='PartialFCN', energy_weight=8.6, warmup=0.5)
train_dataloader = dict(
    dataset=dict(_delete_=True, type='WeakMasks', labels='scribbles', dataset={{_base_.train_dataloader.dataset}}))
