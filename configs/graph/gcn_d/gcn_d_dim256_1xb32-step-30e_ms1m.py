# GCN-D as published; for GCN-S it learns a proposal's purity as well, by train_dataloader.dataset.target=iop. It was
# not run here.
_base_ = ['../../_base_/datasets/ms1m_graph.py', '../../_base_/schedules/sgd_step_graph_pieces.py']

model = dict(type='GCND', in_channels=256, channels=(512, 64))
train_dataloader = dict(
    batch_size=32,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(type='ProposalPieces', proposals='data/ms1m/proposals.npz', k=80))
param_scheduler = [dict(type='MultiStepLR', milestones=[15, 24, 28], gamma=0.1)]
train_cfg = dict(max_epochs=30)
auto_scale_lr = dict(base_batch_size=32)
