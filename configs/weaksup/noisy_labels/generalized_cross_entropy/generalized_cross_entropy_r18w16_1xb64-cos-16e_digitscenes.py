# Generalized cross-entropy with the paper's q.
_base_ = '../cross_entropy/cross_entropy_r18w16_1xb64-cos-16e_digitscenes.py'
model = dict(head=dict(type='GeneralizedCrossEntropyHead', q=0.7))
