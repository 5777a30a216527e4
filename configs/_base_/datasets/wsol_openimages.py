# OpenImages30k of the WSOL benchmark, 100 classes: tags to train with, masks with ignored regions to test.
_base_ = './wsol_cub.py'

data_root = 'data/wsol/OpenImages'
metadata = 'data/wsol/metadata/OpenImages'
train_dataloader = dict(dataset=dict(data_root=data_root, metadata=metadata + '/train'))
test_dataloader = dict(dataset=dict(data_root=data_root, metadata=metadata + '/test', supervision='full'))
benchmark = dict(dataset='OpenImages')
