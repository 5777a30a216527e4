# The softmax form over 65,536 negatives, as in OpenSelfSup; --cfg-options model.form=nce model.negatives=4096 is the
# paper's noise-contrastive estimation.
_base_ = ['../../_base_/models/npid.py', '../../_base_/datasets/imagenet.py', '../../_base_/default_runtime.py']

data_preprocessor = dict(
    views=[[
        dict(type='RandomGrayscale', prob=0.2),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4),
    ]])
train_dataloader = dict(
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.2, 1.0), flip_prob=0.5)]))

optim_wrapper = dict(
    type='AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[120, 160], gamma=0.1)]
train_cfg = dict(type='ResumableEpochLoop', max_epochs=200)
auto_scale_lr = dict(base_batch_size=256)
