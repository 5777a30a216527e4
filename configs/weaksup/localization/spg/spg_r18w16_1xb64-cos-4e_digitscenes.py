# Self-produced guidance: the first two stages learn masks from the classifier's attention and from each other, on maps
# of their own size (the published code enlarges them to 224 x 224, which costs more here than the network).
_base_ = '../cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'

model = dict(
    backbone=dict(out_indices=(1, 2, 3)),
    head=dict(_delete_=True, type='SPGHead', num_classes=10, channels=64, size=None))
