# FCN from whole class maps: the ceiling of what weaker labels give.
_base_ = '../scribbles/scribbles_efficientnetlite0_1xb8-cos-40e_voc07.py'
model = dict(energy_weight=0.0)
train_dataloader = dict(dataset=dict(labels='full'))
