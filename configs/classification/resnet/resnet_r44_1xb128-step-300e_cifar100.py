# ResNet-44 on CIFAR-100.
_base_ = './resnet_r44_1xb128-step-300e_cifar10.py'

data = dict(type='CIFAR100', data_root='data/cifar100')

model = dict(head=dict(num_classes=100))
data_preprocessor = dict(mean=[129.304, 124.070, 112.434], std=[68.170, 65.392, 70.418])
train_dataloader = dict(dataset=data)
test_dataloader = dict(dataset=data)
benchmark = dict(dataset='CIFAR-100', train=data, test=data)
del data
