# ... and with the swap: an averaged copy labels, and its segmentation guides the class maps.
_base_ = './cosa_plain_r18w8_1xb16-cos-2e_shapes.py'

model = dict(swap=True, guidance_weight=0.5)
