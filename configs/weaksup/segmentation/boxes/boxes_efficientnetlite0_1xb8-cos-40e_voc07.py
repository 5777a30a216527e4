# FCN from what GrabCut finds in boxes around the connected parts of objects; pixels on which three GrabCuts disagree
# are left out.
_base_ = '../scribbles/scribbles_efficientnetlite0_1xb8-cos-40e_voc07.py'
model = dict(energy_weight=0.0)
train_dataloader = dict(dataset=dict(labels='boxes', votes=3))
