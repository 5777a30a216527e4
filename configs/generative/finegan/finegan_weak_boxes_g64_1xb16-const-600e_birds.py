# FineGAN on birds without any box of a person: those of a detector that learnt from tags, as `mmwsl pseudo-boxes`
# writes them to data/birds_weak. The box is the method's hidden supervision; here it is a tag.
_base_ = './finegan_g64_1xb16-const-600e_birds.py'

photos = dict(ann_file='data/birds_weak/instances_train.json', data_prefix='data/birds_weak/images')
train_dataloader = dict(dataset=dict(dataset=photos))
test_dataloader = dict(dataset=dict(dataset=photos))
