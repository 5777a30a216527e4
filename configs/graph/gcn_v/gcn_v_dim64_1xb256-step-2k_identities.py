# GCN-V on small graphs, with 256 nodes a step where the paper has all of them, 80,000 times.
_base_ = ['../../_base_/datasets/identities.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='GCNV', in_channels=64, channels=128, rotate=True)
train_dataloader = dict(batch_size=256, dataset=dict(type='ConfidenceNodes', k=80))
auto_scale_lr = dict(base_batch_size=256)
