# GCN-V as published: every step sees all nodes of the graph, of which the training part of MS1M has fewer than a batch.
# It is for one large GPU and was not run here.
_base_ = ['../../_base_/datasets/ms1m_graph.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='GCNV', in_channels=256, channels=512)
train_dataloader = dict(batch_size=600000, dataset=dict(type='ConfidenceNodes', k=80))
param_scheduler = [dict(type='MultiStepLR', by_epoch=False, milestones=[40000, 64000, 72000], gamma=0.1)]
train_cfg = dict(max_iters=80000)
default_hooks = dict(checkpoint=dict(interval=5000))
auto_scale_lr = dict(base_batch_size=600000)
