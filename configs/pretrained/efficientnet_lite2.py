# EfficientNet-Lite2 as it was trained on ImageNet with labels: the checkpoint is pretrained:efficientnet_lite2, which
# comes with the extra mmwsl[pretrained]. It was published for 260 pixels and sees 224 here.
_base_ = ['../_base_/models/efficientnet_lite.py', '../_base_/datasets/photos_224.py', '../_base_/default_runtime.py']

model = dict(backbone=dict(arch='lite2'))
