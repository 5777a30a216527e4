# Boxes that need no network, of the photos that the detectors on EfficientNet-Lite0 are tested on: model.kind says which.
_base_ = ['../../../_base_/datasets/voc07_train_proposals.py', '../../../_base_/default_runtime.py']

model = dict(type='BoxBaseline', num_classes=20)
