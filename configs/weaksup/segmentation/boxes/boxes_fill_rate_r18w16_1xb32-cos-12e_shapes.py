# Box-driven class-wise masking, and a loss of as many pixels of a whole box as its class fills of it (Song et al.).
_base_ = './boxes_plain_r18w16_1xb32-cos-12e_shapes.py'
model = dict(type='BoxDrivenFCN', head=dict(type='BoxMaskingHead'))
