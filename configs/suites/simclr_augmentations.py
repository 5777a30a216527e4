# SimCLR's ablation of its augmentations: each transform alone, and every pair of them in the order of the list. As in
# the paper one branch is transformed and the other is the image itself; the paper first crops both, because ImageNet's
# images differ in size, and CIFAR-10's do not.
suite = 'simclr_augmentations'
protocols = ['linear']
table = 'matrix'
config = 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-2e_cifar10.py'
transforms = dict(
    crop=dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0)),
    crop_flip=dict(type='RandomResizedCrop', size=32, scale=(0.08, 1.0), flip_prob=0.5),
    cutout=dict(type='Cutout', size=0.5),
    drop=dict(type='RandomGrayscale', prob=1.0),
    jitter=dict(type='ColorJitter', brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2),
    sobel=dict(type='SobelImage'),
    noise=dict(type='GaussianNoise', sigma=(0.0, 0.2), prob=1.0),
    blur=dict(type='GaussianBlur', kernel_size=None, sigma=(0.1, 1.0), prob=1.0),
    rotate=dict(type='RandomRotation90'))
names = list(transforms)
chains = [[name] for name in names]
chains += [[first, second] for place, first in enumerate(names) for second in names[place + 1:]
           if [first, second] != ['crop', 'crop_flip']]  # two crops are one
runs = [dict(method='random', config=config, checkpoint='random')]
runs += [
    dict(
        method='+'.join(chain),
        config=config,
        options={'data_preprocessor.views': [[transforms[name] for name in chain], []]}) for chain in chains
]
