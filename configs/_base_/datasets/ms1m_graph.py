# The training part of MS1M as learn-to-cluster gives it: unit features of 256 dimensions, the 80 nearest neighbors of
# each face, and who it is. `mmwsl.datasets.readers.features.import_learn_to_cluster` reads its graphs.
_base_ = './identities.py'

benchmark = dict(dataset='MS1M')
train_dataloader = dict(
    dataset=dict(
        features='data/ms1m/features.npy',
        graph='data/ms1m/graph.npy',
        labels='data/ms1m/labels.npy'))
