# L-GCN as published, but for the batch, which is not verified: pivots with 200 neighbors that have 10 each, so that the
# graph needs 200. It was not run here.
_base_ = ['../../_base_/datasets/ms1m_graph.py', '../../_base_/schedules/sgd_step_graph_pieces.py']

model = dict(type='LGCN', in_channels=256)
train_dataloader = dict(
    batch_size=32,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(type='PivotPieces', hops=(200, 10), active=10))
param_scheduler = [dict(type='MultiStepLR', milestones=[1, 2, 3], gamma=0.1)]
train_cfg = dict(max_epochs=4)
auto_scale_lr = dict(base_batch_size=32)
