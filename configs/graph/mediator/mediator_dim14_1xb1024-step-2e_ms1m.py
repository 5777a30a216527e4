# CDP's mediator of a base model and four others as published. It was not run here.
_base_ = ['../../_base_/datasets/ms1m_graph.py', '../../_base_/schedules/sgd_step_graph_pieces.py']

model = dict(type='Mediator', in_channels=14)
train_dataloader = dict(
    batch_size=1024,
    dataset=dict(
        _delete_=True, type='MediatorPairs', inputs='data/ms1m/pair_inputs.npy', labels='data/ms1m/pair_labels.npy'))
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [dict(type='MultiStepLR', milestones=[1], gamma=0.1)]
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=1024)
