# CutMix on every batch, shares uniform, as the WSOL benchmark has it by default. Our choice: all else is the plain
# network's.
_base_ = '../cam/cam_r50_1xb32-step-50e_cub.py'

model = dict(cutmix=dict(alpha=1.0))
