# Attention MIL on image-patch bags: scenes of one or two digits cut into 3 x 3 patches of 28 pixels, positive if a nine
# is seen. A digit is about as large as a patch and mostly cut, so this is much harder than whole digits.
_base_ = ['../../../_base_/default_runtime.py']

model = dict(
    type='BagClassifier', backbone=dict(type='BagEncoder', in_channels=3), pooling=dict(type='AttentionPooling'))
data_preprocessor = dict(type='BagPreprocessor', mean=[110.0, 110.0, 110.0], std=[68.0, 68.0, 68.0])
bags = dict(
    type='SceneBags', grid=3, size=84, objects=(1, 2), digit_scale=(0.3, 0.4), target=9,
    background='plain', contrast=0.5)
train_dataloader = dict(
    batch_size=10,
    num_workers=0,
    collate_fn=dict(type='collate_bags'),
    sampler=dict(type='EpochSampler'),
    dataset=dict(split='train', num_bags=4000, **bags))
test_dataloader = dict(
    batch_size=50,
    num_workers=0,
    collate_fn=dict(type='collate_bags'),
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(split='test', num_bags=400, supervision='full', **bags))
test_evaluator = dict(type='BagMetric')
test_cfg = dict()
default_hooks = dict(checkpoint=dict(interval=5))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-4, betas=(0.9, 0.999), weight_decay=1e-4))
param_scheduler = []
train_cfg = dict(type='ResumableEpochLoop', max_epochs=15)
auto_scale_lr = dict(base_batch_size=10)
benchmark = dict(dataset='SceneBags')
