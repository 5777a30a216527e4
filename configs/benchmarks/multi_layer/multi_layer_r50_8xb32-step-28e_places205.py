# Places205 from list files, lines of `path label`; crops of fixed scale, as OpenSelfSup has it.
_base_ = './multi_layer_r50_8xb32-step-90e_imagenet.py'

data_root = 'data/places205'
model = dict(head=dict(num_classes=205))
data_preprocessor = dict(views=[[dict(type='RandomHorizontalFlip')]])
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ImageList',
        list_file=data_root + '/train_places205.txt',
        data_prefix=data_root + '/train',
        supervision='image',
        pipeline=[dict(type='ResizeRandomCrop', resize=256, crop=224, square=True)]))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ImageList',
        list_file=data_root + '/val_places205.txt',
        data_prefix=data_root + '/val',
        pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]))

param_scheduler = [dict(type='MultiStepLR', milestones=[7, 14, 21], gamma=0.1)]
train_cfg = dict(max_epochs=28)
benchmark = dict(dataset='Places205')
