# The published schedule of OICR. A Fast R-CNN branch: --cfg-options model.head.box_branch=True.
_base_ = [
    '../../../_base_/models/oicr_vgg16.py', '../../../_base_/datasets/voc07_proposals.py',
    '../../../_base_/schedules/weak_detection_oicr.py', '../../../_base_/default_runtime.py'
]
