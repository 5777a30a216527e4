# Two thousand steps on a CPU: the generators learn faster than their judges, which otherwise win.
_base_ = './adam_gan.py'

optim_wrapper = dict(halves=dict(generator=dict(lr=5e-4)))
