# A small recipe for a CPU: ResNet-18 of base width 16. An epoch is one pass to cluster and one to train: 10 epochs x
# (50,000 + 49,920 images) x 1,024 pixels = 1,023 million pixels through the backbone.
_base_ = './deepcluster_r18_1xb256-cos-200e_cifar10.py'

model = dict(backbone=dict(base_channels=16), head=dict(in_channels=128), pca_dims=64)

train_cfg = dict(max_epochs=10)
default_hooks = dict(checkpoint=dict(interval=1))
