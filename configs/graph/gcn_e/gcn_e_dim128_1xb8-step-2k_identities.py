# GCN-E on small graphs, of the hidden features and the confidence of a GCN-V; the paper has layers four times as wide,
# leaves out 70 % of the nodes, and has a rate of 0.1, at which this network dies: it says the same of all.
_base_ = ['../../_base_/datasets/identities.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='GCNE', in_channels=128, channels=(128, 128, 64, 64), rotate=True, scale=10.0)
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(type='ConnectivityPieces', confidence='data/identities/confidence.npy', ignore_ratio=0.5))
optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(base_batch_size=8)
