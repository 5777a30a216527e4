_base_ = 'mmwsl::selfsup/rotation/rotation_r18w16_1xb128-cos-5e_cifar10.py'

model = dict(
    type='UpsideDown',
    backbone=dict(_delete_=True, type='ThreeConvolutions', width=16),
    head=dict(in_channels=64, num_classes=2))
data_preprocessor = dict(views=[[]])
train_dataloader = dict(dataset=dict(_delete_=True, type='Digits', split='train', supervision='none'))
param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(max_epochs=3)
benchmark = dict(
    _delete_=True,
    dataset='digits',
    train=dict(type='Digits', split='train'),
    test=dict(type='Digits', split='test'),
    protocols=dict(knn=dict(k=(20,)), nearest_centroid=dict()))
