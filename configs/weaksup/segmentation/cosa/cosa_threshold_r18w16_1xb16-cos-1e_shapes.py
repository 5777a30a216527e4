# ... and with the threshold of a mixture: what is left out of CoSA is the separation.
_base_ = './cosa_r18w16_1xb16-cos-1e_shapes.py'

model = dict(separation_weight=0.0)
