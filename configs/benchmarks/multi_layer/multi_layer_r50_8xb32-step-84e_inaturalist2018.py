# iNaturalist 2018 from list files, lines of `path label`, which `mmwsl prepare inaturalist` makes; as MMSelfSup has it.
_base_ = './multi_layer_r50_8xb32-step-28e_places205.py'

data_root = 'data/inaturalist2018'
model = dict(head=dict(num_classes=8142))
data_preprocessor = dict(views=[[]])
train_dataloader = dict(
    dataset=dict(
        list_file=data_root + '/train.txt',
        data_prefix=data_root,
        pipeline=[dict(type='RandomCrops', num_views=1, size=224, scale=(0.08, 1.0), flip_prob=0.5)]))
test_dataloader = dict(dataset=dict(list_file=data_root + '/val.txt', data_prefix=data_root))

param_scheduler = [dict(type='MultiStepLR', milestones=[24, 48, 72], gamma=0.1)]
train_cfg = dict(max_epochs=84)
benchmark = dict(dataset='iNaturalist2018')
