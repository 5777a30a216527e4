# Whose face it is, of the 24 people of the ORL faces to train on: seven of ten photos of each teach, three are told.
# For a CPU, as any folder of classes; see the recipes of fer2013 and adience.
_base_ = './resnet_r18w16_1xb32-cos-80e_orlfaces.py'

faces = dict(type='ImageFolder', data_root='data/orl_faces/train', in_memory=True, size=64, supervision='image')
people = dict(type='Subset', holdout=0.3, dataset=faces)
model = dict(head=dict(num_classes=24, label_smoothing=0.0))
train_dataloader = dict(dataset=dict(_delete_=True, **people))
test_dataloader = dict(
    batch_size=72,
    num_workers=0,
    sampler=dict(type='EpochSampler', shuffle=False),
    dataset=dict(held_out=True, **people))
test_evaluator = dict(type='AccuracyMetric')
test_cfg = dict()
benchmark = dict(_delete_=True, dataset='ORL-people')
del faces, people
