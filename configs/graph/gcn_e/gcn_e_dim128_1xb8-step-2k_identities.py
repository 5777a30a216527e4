# GCN-E on small graphs, of the hidden features and the confidence of a GCN-V; the paper has layers four times as wide,
# and leaves out 70 % of the nodes.
_base_ = ['../../_base_/datasets/identities.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='GCNE', in_channels=128, channels=(128, 128, 64, 64), rotate=True)
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(type='ConnectivityPieces', confidence='data/identities/confidence.npy', ignore_ratio=0.5))
auto_scale_lr = dict(base_batch_size=8)
