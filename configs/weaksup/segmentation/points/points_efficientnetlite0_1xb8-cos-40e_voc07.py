# FCN from one point of each connected part of an object, and one of the background, with their tags.
_base_ = '../scribbles/scribbles_efficientnetlite0_1xb8-cos-40e_voc07.py'
model = dict(tag_weight=1.0)
train_dataloader = dict(dataset=dict(labels='points'))
