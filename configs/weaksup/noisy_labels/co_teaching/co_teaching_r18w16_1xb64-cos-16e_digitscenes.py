# Co-teaching, which leaves out as large a share as there are wrong labels; it comes to that in a tenth of the training.
_base_ = '../cross_entropy/cross_entropy_r18w16_1xb64-cos-16e_digitscenes.py'
model = dict(type='CoTeaching', forget_rate=0.2, ramp=0.1)
train_evaluator = dict(type='SelectionMetric')  # which labels it takes to be right, against the planted noise
