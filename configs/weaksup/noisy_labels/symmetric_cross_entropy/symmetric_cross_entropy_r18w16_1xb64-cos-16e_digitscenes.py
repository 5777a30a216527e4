# Symmetric cross-entropy with the paper's weights for CIFAR-10.
_base_ = '../cross_entropy/cross_entropy_r18w16_1xb64-cos-16e_digitscenes.py'
model = dict(head=dict(type='SymmetricCrossEntropyHead', alpha=0.1, beta=1.0))
