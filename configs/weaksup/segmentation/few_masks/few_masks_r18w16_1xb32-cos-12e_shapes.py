# FCN from masks of a tenth of the images; the others give nothing.
_base_ = '../scribbles/scribbles_r18w16_1xb32-cos-12e_shapes.py'
model = dict(energy_weight=0.0)
train_dataloader = dict(dataset=dict(labels='full', labelled=0.1))
