# No published recipe for this network. The patches are the paper's, 96 px with gaps of 48 px on average; the schedule
# is that of ResNet-50, with its learning rate per image.
_base_ = './relative_location_r50_8xb64-step-70e_imagenet.py'

model = dict(
    backbone=dict(_delete_=True, type='AlexNet', out_indices=(5,), final_pool=True),
    neck=dict(in_channels=2 * 256),
    patch_size=96)
train_dataloader = dict(
    batch_size=128, dataset=dict(pipeline=[dict(type='ResizeRandomCrop', resize=480, crop=432)]))

optim_wrapper = dict(optimizer=dict(lr=0.05))
auto_scale_lr = dict(base_batch_size=128)
