# L-GCN on small graphs, whose pivots have 20 neighbors with 5 each; the paper has 200 with 10 each, and layers four
# times as wide.
_base_ = ['../../_base_/datasets/identities.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='LGCN', in_channels=64, channels=(128, 128, 64, 64), rotate=True)
train_dataloader = dict(
    batch_size=4,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(type='PivotPieces', hops=(20, 5), active=5))
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=4)
