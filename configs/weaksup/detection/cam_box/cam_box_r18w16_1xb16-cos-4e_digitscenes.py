# What a detector must be better than: a classifier of tags on the same scenes, and the boxes of its class maps.
_base_ = ['../wsddn/wsddn_r18w16_1xb16-cos-4e_digitscenes.py']

scenes = dict(type='DigitScenes', objects=(1, 3), size=64, digit_scale=(0.35, 0.5), in_memory=True)
model = dict(
    _delete_=True,
    type='Localizer',
    backbone=dict(type='ResNet', depth=18, base_channels=16, strides=(1, 1, 1, 1), out_indices=(3,)),
    head=dict(type='MultiLabelHead', num_classes=10))
data_preprocessor = dict(
    _delete_=True, type='ViewPreprocessor', mean=[115.92, 113.27, 102.92], std=[84.46, 69.93, 74.82])
train_dataloader = dict(
    collate_fn=dict(type='collate_batch'),
    dataset=dict(_delete_=True, split='train', num_scenes=1024, supervision='image', **scenes))
test_dataloader = dict(
    collate_fn=dict(type='collate_batch'),
    dataset=dict(_delete_=True, split='train', num_scenes=500, supervision='boxes', **scenes))
test_evaluator = [dict(type='CorLocMetric')]
