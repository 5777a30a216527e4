# AlexNet's five convolutions as RotNet probes them: maxima over parts of the maps, crops of fixed scale.
_base_ = './multi_layer_r50_8xb32-step-90e_imagenet.py'

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(1, 2, 3, 4, 5), final_pool=False),
    head=dict(layers=(1, 2, 3, 4, 5), pooling='rotnet', init_std=0.045))
data_preprocessor = dict(views=[[dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(
    batch_size=192, dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=256, crop=224)]))

optim_wrapper = dict(optimizer=dict(weight_decay=5e-4))
param_scheduler = [dict(type='MultiStepLR', milestones=[5, 15, 25], gamma=0.2)]
train_cfg = dict(max_epochs=35)
auto_scale_lr = dict(base_batch_size=192)
