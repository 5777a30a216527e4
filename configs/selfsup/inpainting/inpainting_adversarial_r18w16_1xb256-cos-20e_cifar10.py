# The small recipe with the paper's other hole and loss: a central square of 16 px (14 of them filled) and a
# discriminator. 20 epochs x 49,920 images x 1 view = 1,022 million pixels.
_base_ = './inpainting_r18w16_1xb256-cos-20e_cifar10.py'

model = dict(
    hole='center', overlap=1,
    discriminator=dict(_delete_=True, type='ImageDiscriminator', channels=[32, 64]))

optim_wrapper = dict(
    optimizer=dict(betas=(0.5, 0.99)), paramwise_cfg=dict(custom_keys={'discriminator': dict(lr_mult=0.1)}))
