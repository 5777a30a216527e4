# EfficientNet-Lite2 with the weights of ImageNet: the checkpoint pretrained:efficientnet_lite2, which comes with the extra
# mmwsl[pretrained]. Its photos are of 224 pixels here; it was published for 260 pixels.
_base_ = ['../_base_/models/efficientnet_lite.py', '../_base_/datasets/photos_224.py', '../_base_/default_runtime.py']

model = dict(backbone=dict(arch='lite2'))
