# CDP's mediator of a base model and four others; the paper trains for two epochs at a rate of 0.001.
_base_ = ['../../_base_/datasets/identities.py', '../../_base_/schedules/sgd_step_2k_graph.py']

model = dict(type='Mediator', in_channels=14)
train_dataloader = dict(
    batch_size=1024,
    dataset=dict(
        _delete_=True,
        type='MediatorPairs',
        inputs='data/identities/pair_inputs.npy',
        labels='data/identities/pair_labels.npy'))
optim_wrapper = dict(optimizer=dict(weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=1024)
