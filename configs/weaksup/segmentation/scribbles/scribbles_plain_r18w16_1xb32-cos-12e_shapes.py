# The same from the strokes alone, without the dense energy.
_base_ = './scribbles_r18w16_1xb32-cos-12e_shapes.py'
model = dict(energy_weight=0.0)
