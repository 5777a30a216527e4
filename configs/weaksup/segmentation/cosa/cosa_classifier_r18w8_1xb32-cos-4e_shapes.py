# The warm-up of CoSA as a training of its own, so that one serves all rows of a comparison: tags teach both
# classifiers, nothing teaches the segmentation. Its class maps are what the others start from.
_base_ = './cosa_plain_r18w8_1xb16-cos-2e_shapes.py'

model = dict(warmup=1.0)
train_dataloader = dict(batch_size=32, dataset=dict(num_images=2048))
train_cfg = dict(max_epochs=4)
auto_scale_lr = dict(base_batch_size=32)
