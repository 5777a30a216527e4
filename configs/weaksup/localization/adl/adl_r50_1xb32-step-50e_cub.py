# Attention-based dropout in ResNet-50 behind the blocks that its authors name, with their drop rate and threshold (of a
# ResNet-50 with squeeze and excitation). Our choice: all else is the plain network's.
_base_ = '../cam/cam_r50_1xb32-step-50e_cub.py'

adl = dict(type='ADL', drop_rate=0.75, threshold=0.9)
model = dict(after={'layer3.0': adl, 'layer4.0': adl, 'layer4.2': adl})
del adl
