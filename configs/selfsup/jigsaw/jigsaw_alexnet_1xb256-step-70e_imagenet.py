# After Noroozi and Favaro: 1,000 permutations, patches of 64 px standardised one by one, 350 k steps of 256 images (70
# epochs). Theirs reads the patches with stride 2 in conv1 and has three linear layers; here conv5 is pooled globally. A
# batch norm follows every convolution, and the learning rate is taken down twice, which they do not state.
_base_ = './jigsaw_r50_8xb32-step-105e_imagenet.py'

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(5,)),
    neck=dict(in_channels=256, out_channels=512),
    head=dict(in_channels=9 * 512, num_classes=1000),
    permutations=1000,
    normalize_patches=True)
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[30, 55], gamma=0.1)]
train_cfg = dict(max_epochs=70)
