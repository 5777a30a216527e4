# CoSA as its public code has it: the swap at fixed thresholds and refined pseudo-labels, without reliability weights,
# mixture and separation.
_base_ = './cosa_swap_r18w16_1xb32-cos-8e_shapes.py'

model = dict(thresholds=dict(low=0.25, high=0.7), refine=True)
