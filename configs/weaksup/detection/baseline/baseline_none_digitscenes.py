# Boxes that need no network, of the scenes that the detectors are tested on: model.kind says which.
_base_ = ['../../../_base_/datasets/digit_scenes_windows.py', '../../../_base_/default_runtime.py']

model = dict(type='BoxBaseline', num_classes=10)
