# CoSA as its public code has it: the swap at fixed thresholds and refined pseudo-labels, without reliability weights,
# mixture and separation.
_base_ = './cosa_swap_r18w16_1xb16-cos-1e_shapes.py'

model = dict(refine=True)
