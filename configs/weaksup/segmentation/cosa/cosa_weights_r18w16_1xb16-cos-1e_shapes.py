# ... and with reliability weights.
_base_ = './cosa_swap_r18w16_1xb16-cos-1e_shapes.py'

model = dict(reliability=dict(_delete_=True, alpha=0.8, beta=1.0))
