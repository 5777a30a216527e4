# The ORL faces in folders of people, an open set: of the people to train on s1 to s16 teach the network, and s17 to s24
# are kept to choose thresholds by, as what a network says of faces that it has learnt is no guide; s25 to s40 are to be
# clustered. The people of the parts differ, so that no protocol of classes fits them.
faces = dict(type='ImageFolder', in_memory=True, size=64, on_error='skip')  # skips the folders of the others
taught = [f's{number}' for number in range(1, 17)]
held_out = [f's{number}' for number in range(17, 25)]

data_preprocessor = dict(
    type='ViewPreprocessor', mean=[115.0] * 3, std=[48.0] * 3, channels_last=True,
    views=[[
        dict(type='RandomResizedCrop', size=64, scale=(0.5, 1.0), flip_prob=0.5),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, prob=0.8),
    ]])
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='EpochSampler'),
    dataset=dict(data_root='data/orl_faces/train', classes=taught, supervision='image', **faces))
benchmark = dict(
    dataset='ORL-faces',
    batch_size=80,
    train=dict(data_root='data/orl_faces/train', classes=held_out, **faces),
    test=dict(data_root='data/orl_faces/test', **faces),
    protocols=dict())
del faces, taught, held_out
