# The mix transformer that AFA starts from on shapes, as on photos it starts from ImageNet: by its tags alone it tells
# single shapes of the same size, 16 to 29 pixels, and no context comes with any.
_base_ = ['../afa/afa_mitxs4_1xb32-cos-8e_shapes.py']

model = dict(warmup=1.0)
find_unused_parameters = True  # of the decoder
single = dict(size=32, objects=(1, 1), scale=(0.5, 0.9), context_classes=())
train_dataloader = dict(batch_size=64, dataset=dict(num_images=16384, **single))
test_dataloader = dict(dataset=dict(num_images=500, **single))
test_evaluator = dict(_delete_=True, type='MultiLabelMetric')
del single
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=4)
auto_scale_lr = dict(base_batch_size=64)
