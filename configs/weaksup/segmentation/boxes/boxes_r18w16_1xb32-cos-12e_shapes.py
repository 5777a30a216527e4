# FCN from what GrabCut finds in boxes, on textured shapes, for a CPU.
_base_ = '../scribbles/scribbles_r18w16_1xb32-cos-12e_shapes.py'
model = dict(energy_weight=0.0)
train_dataloader = dict(dataset=dict(labels='boxes'))
