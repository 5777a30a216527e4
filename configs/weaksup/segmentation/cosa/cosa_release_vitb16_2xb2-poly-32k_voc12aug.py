# CoSA as its public code has it: fixed thresholds, no reliability weights, no separation, the auxiliary map after block
# -4, 32,000 steps. Not taken over: the copy that starts from other weights, and auxiliary maps of the last scale alone.
_base_ = './cosa_vitb16_2xb2-poly-40k_voc12aug.py'

model = dict(
    backbone=dict(out_indices=(-4, -1)),
    warmup=6000 / 32000,
    thresholds=dict(_delete_=True, low=0.25, high=0.7),
    reliability=None,
    separation_weight=0.0)
train_cfg = dict(max_iters=32000)
