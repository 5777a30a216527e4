# PCNet-C for a CPU: four levels of a quarter of the width at 32 px, and no discriminator. It starts from the mean of
# the object's known pixels, and learns little but the hole: so short a training has no time for the rest.
_base_ = ['pcnet_c.py']

model = dict(
    backbone=dict(channels=[16, 32, 64, 64], kernels=[5, 3, 3, 3], norm_cfg=dict(type='BN')),
    size=32,
    from_mean=True,
    valid_weight=0.1,
    discriminator=None,
    enlarge=1.5)
