# CoSA without its parts: pseudo-labels of the network's own class maps at fixed thresholds teach the segmentation.
_base_ = './cosa_r18w16_1xb16-cos-1e_shapes.py'

model = dict(
    swap=False,
    thresholds=dict(_delete_=True, low=0.15, high=0.35),
    reliability=None,
    guidance_weight=0.0,
    separation_weight=0.0)
