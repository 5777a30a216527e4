# Mask R-CNN for small pictures: the small Faster R-CNN with a head for masks.
_base_ = ['faster_rcnn_small.py']

model = dict(
    mask_head=dict(type='MaskHead', in_channels=64, num_classes=20, conv_channels=(64, 64), channels=64))
