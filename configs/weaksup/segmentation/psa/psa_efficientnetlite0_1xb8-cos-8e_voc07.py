# PSA on the network of ImageNet, for a CPU and some hundred small photos: features of 1/8 from three depths. Sizes and
# schedule are ours. The weights come with the extra mmwsl[pretrained].
_base_ = [
    '../../../_base_/datasets/voc07_pair_labels.py', '../../../_base_/schedules/affinity_small.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='AffinityNet',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(2, 3, 5),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    channels=(16, 32, 64))
train_cfg = dict(max_epochs=8)
auto_scale_lr = dict(base_batch_size=8)
