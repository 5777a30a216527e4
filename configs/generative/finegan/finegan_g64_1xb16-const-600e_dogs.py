# FineGAN on dogs with the published constants: 120 children of 20 parents; boxes of the photos in COCO's form.
_base_ = './finegan_g64_1xb16-const-600e_birds.py'

model = dict(generator=dict(num_children=120), child_discriminator=dict(num_codes=120))
photos = dict(ann_file='data/dogs/train.json', data_prefix='data/dogs/images')
train_dataloader = dict(dataset=dict(dataset=photos))
test_dataloader = dict(dataset=dict(dataset=photos))
benchmark = dict(dataset='dogs')
