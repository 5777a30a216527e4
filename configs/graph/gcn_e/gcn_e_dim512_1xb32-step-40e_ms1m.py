# GCN-E as published, of the hidden features, their graph and the confidence of a GCN-V; when the rate falls is not said
# in the paper, here as GCN-V's. It was not run here.
_base_ = ['../../_base_/datasets/ms1m_graph.py', '../../_base_/schedules/sgd_step_graph_pieces.py']

model = dict(type='GCNE', in_channels=512)
train_dataloader = dict(
    batch_size=32,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(
        type='ConnectivityPieces',
        features='data/ms1m/gcn_v/features.npy',
        graph='data/ms1m/gcn_v/graph.npy',
        confidence='data/ms1m/gcn_v/confidence.npy',
        ignore_ratio=0.7,
        k=160))
optim_wrapper = dict(optimizer=dict(lr=0.1, weight_decay=1e-5))
param_scheduler = [dict(type='MultiStepLR', milestones=[20, 32, 36], gamma=0.1)]
train_cfg = dict(max_epochs=40)
auto_scale_lr = dict(base_batch_size=32)
