# ToCo with its published constants on ViT-B/16: thresholds 0.25 and 0.7, weights 0.2, 0.5, 0.1 and 0.05. Starts from
# weights of ImageNet: --cfg-options load_from=FILE. Ours: the mean of the tokens in place of the class token, a
# projector of 256 numbers, crops at random places; and data as in CoSA's config.
_base_ = '../cosa/cosa_vitb16_2xb2-poly-40k_voc12aug.py'

model = dict(
    _delete_=True,
    type='ToCo',
    backbone=dict(type='VisionTransformer', arch='base', image_size=224, out_type='map', out_indices=(-3, -1)),
    head=dict(type='TwoMapHead', num_classes=20, decoder=dict(type='LargeFOVHead', channels=512, dilations=(5, 5))),
    projector=dict(type='MLPNeck', hidden_channels=1024, out_channels=256, num_layers=3, norm_cfg=None),
    warmup=2000 / 20000,
    momentum=0.9,
    low=0.25,
    high=0.7,
    refine=True,
    patch_weight=0.2,
    crop_weight=0.5,
    crops=10,
    crop_size=64,
    temperature=0.5,
    segmentation_weight=0.1,
    regularization_weight=0.05,
    scales=(1.0, 0.5, 1.5),
    flip=True,
    crf='toco')
data_preprocessor = dict(
    _delete_=True,
    type='ViewPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    channels_last=True,
    views=[[dict(type='ColorJitter', brightness=0.3, contrast=0.3, saturation=0.3, hue=0.1)]])
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'projector': dict(lr_mult=10.0)}))
train_cfg = dict(max_iters=20000)
