# GCN-S as published: proposals of which 20 to 80 % are of one class. It was not run here.
_base_ = '../gcn_d/gcn_d_dim256_1xb32-step-30e_ms1m.py'

model = dict(type='GCNS')
train_dataloader = dict(dataset=dict(target='nodes', purity=(0.2, 0.8)))
