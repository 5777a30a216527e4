# FCN from scribbles on textured shapes, for a CPU: cross-entropy of the strokes, and from the middle of training on the
# dense energy. Its weight is of Tang et al.; sizes and schedule are ours.
_base_ = '../four_step/fcn_r18w16_1xb32-cos-12e_shapes.py'

model = dict(type='PartialFCN', energy_weight=8.6, warmup=0.5)
shapes = dict(
    type='Shapes',
    split='train',
    num_images=2048,
    num_classes=5,
    size=64,
    objects=(1, 3),
    context_classes=(0, 1),
    supervision='full')
train_dataloader = dict(dataset=dict(_delete_=True, type='WeakMasks', labels='scribbles', dataset=shapes))
del shapes
