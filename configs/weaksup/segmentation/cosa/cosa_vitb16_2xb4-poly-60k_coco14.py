# CoSA as published on COCO 2014; what is ours is in the config of VOC2012.
_base_ = [
    '../../../_base_/models/cosa_vitb16.py', '../../../_base_/datasets/coco14_tags.py',
    '../../../_base_/schedules/single_stage_segmentation.py', '../../../_base_/default_runtime.py'
]

model = dict(head=dict(num_classes=80), warmup=10000 / 60000)
data_preprocessor = dict(views=[[dict(type='GaussianBlur', prob=0.5)], [dict(type='RandomOperation')]], chained=True)
test_dataloader = dict(
    collate_fn=dict(type='collate_batch'), dataset=dict(pipeline=[dict(type='ResizeToSquare', size=448)]))
train_cfg = dict(max_iters=60000)
auto_scale_lr = dict(base_batch_size=8)
