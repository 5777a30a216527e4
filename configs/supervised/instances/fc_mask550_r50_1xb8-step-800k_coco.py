# Masks of 16 x 16 that each anchor says itself, in the place of prototypes: the "fc-mask" of YOLACT's table.
_base_ = ['yolact550_r50_1xb8-step-800k_coco.py']

model = dict(mask_branch=dict(_delete_=True, type='DirectMasks', size=16))
