# The published schedule of WSDDN: ten epochs at 1e-5 and ten at 1e-6.
_base_ = [
    '../../../_base_/models/wsddn_vgg16.py', '../../../_base_/datasets/voc07_proposals.py',
    '../../../_base_/schedules/weak_detection_wsddn.py', '../../../_base_/default_runtime.py'
]
