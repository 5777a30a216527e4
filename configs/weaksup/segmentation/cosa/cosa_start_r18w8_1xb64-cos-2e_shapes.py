# The network that the recipes on shapes start from, as those for photos start from ImageNet: the classifiers alone, on
# single shapes of the same size, 16 to 29 pixels, that no context comes with.
_base_ = './cosa_classifier_r18w8_1xb16-cos-2e_shapes.py'

train_dataloader = dict(
    batch_size=64, dataset=dict(num_images=8192, size=32, objects=(1, 1), scale=(0.5, 0.9), context_classes=()))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=64)
