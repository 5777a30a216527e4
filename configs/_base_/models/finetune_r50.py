# A ResNet-50 and one linear layer, all of it trained.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=50, norm_cfg=dict(type='SyncBN')),
    head=dict(type='ClassificationHead', num_classes=1000))
