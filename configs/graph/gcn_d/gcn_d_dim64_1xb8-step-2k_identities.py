# GCN-D on small graphs; for GCN-S it learns a proposal's purity as well, by train_dataloader.dataset.target=iop. The
# paper has 30 epochs of batches of 32.
_base_ = ['../../_base_/datasets/identities.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='GCND', in_channels=64, channels=(512, 64), rotate=True, scale=8.0)
train_dataloader = dict(
    batch_size=8,
    collate_fn=dict(type='collate_graphs'),
    dataset=dict(type='ProposalPieces', proposals='data/identities/proposals.npz'))
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=8)
