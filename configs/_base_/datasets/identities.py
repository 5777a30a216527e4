# Files of people who are known, as `python tools/compare_graph_clusterings.py` writes them: unit features of 64
# dimensions, the 80 nearest neighbors of each item, and who it is.
data_preprocessor = dict(type='BaseDataPreprocessor')
benchmark = dict(dataset='Identities')
train_dataloader = dict(
    num_workers=0,
    sampler=dict(type='EpochSampler'),
    dataset=dict(
        features='data/identities/features.npy',
        graph='data/identities/graph.npy',
        labels='data/identities/labels.npy'))
