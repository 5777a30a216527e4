# FCN from one point an object and one of the background, with the tags that come with them (Bearman et al.), and from
# the middle of training on the dense energy.
_base_ = '../scribbles/scribbles_r18w16_1xb32-cos-12e_shapes.py'
model = dict(tag_weight=1.0)
train_dataloader = dict(dataset=dict(labels='points'))
