# The same from the points alone.
_base_ = './points_r18w16_1xb32-cos-12e_shapes.py'
model = dict(tag_weight=0.0, energy_weight=0.0)
