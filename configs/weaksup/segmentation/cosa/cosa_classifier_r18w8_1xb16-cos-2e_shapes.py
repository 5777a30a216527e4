# The warm-up of CoSA as a training of its own, so that one serves all rows of a comparison: tags teach both
# classifiers, nothing teaches the segmentation. Its class maps are what the others start from.
_base_ = './cosa_plain_r18w8_1xb16-cos-2e_shapes.py'

model = dict(warmup=1.0)
train_dataloader = dict(dataset=dict(num_images=2048))
