# A small recipe for a CPU: ResNet-18 of base width 16; 128 images are 512 inputs. 5 epochs x 49,920 images x 4
# rotations = 1,022 million pixels.
_base_ = './rotation_r18_1xb128-step-200e_cifar10.py'

model = dict(backbone=dict(base_channels=16), head=dict(in_channels=128))

param_scheduler = [dict(type='CosineAnnealingLR', convert_to_iter_based=True)]
train_cfg = dict(max_epochs=5)
default_hooks = dict(checkpoint=dict(interval=1))
