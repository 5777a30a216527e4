# ILSVRC (ImageNet, 1,000 classes) in the layout of the WSOL benchmark: tags of the training images, boxes of `val`,
# which the benchmark calls its test split.
_base_ = './wsol_cub.py'

data_root = 'data/wsol/ILSVRC'
metadata = 'data/wsol/metadata/ILSVRC'
train_dataloader = dict(dataset=dict(data_root=data_root, metadata=metadata + '/train'))
test_dataloader = dict(dataset=dict(data_root=data_root, metadata=metadata + '/test'))
benchmark = dict(dataset='ILSVRC')
