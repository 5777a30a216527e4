# OICR on VOC2012, in as many epochs as on VOC2007; their number is ours.
_base_ = [
    '../../../_base_/models/oicr_vgg16.py', '../../../_base_/datasets/voc12_proposals.py',
    '../../../_base_/schedules/weak_detection_oicr.py', '../../../_base_/default_runtime.py'
]
