# The ceiling of the probes of AlexNet's layers; batch norm and global pooling as the pretext tasks have them.
_base_ = './supervised_r50_8xb32-step-90e_imagenet.py'

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(5,), final_pool=True), head=dict(in_channels=256))
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=0.05, weight_decay=5e-4))
