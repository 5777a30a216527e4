# Masks of 16 x 16 that each anchor says itself, in the place of prototypes, on textured shapes.
_base_ = ['yolact_r18w16_1xb16-cos-12e_shapes.py']

model = dict(mask_branch=dict(_delete_=True, type='DirectMasks', size=16))
