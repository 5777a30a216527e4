# ... and with the swap: an averaged copy labels, and its segmentation guides the class maps.
_base_ = './cosa_plain_r18w16_1xb16-cos-1e_shapes.py'

model = dict(swap=True, guidance_weight=0.5)
