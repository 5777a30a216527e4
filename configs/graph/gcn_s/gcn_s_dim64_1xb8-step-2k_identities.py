# GCN-S on small graphs: proposals of which 20 to 80 % are of one class.
_base_ = ['../../_base_/datasets/identities.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='GCNS', in_channels=64, channels=(512, 64), rotate=True, scale=8.0)
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(
        type='ProposalPieces', proposals='data/identities/proposals.npz', target='nodes', purity=(0.2, 0.8)))
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=8)
