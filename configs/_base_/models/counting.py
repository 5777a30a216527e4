# Global pooling in place of the first linear layer over the last map; no norm after the backbone, as in the paper.
model = dict(
    type='Counting',
    backbone=dict(type='AlexNet', out_indices=(5,), final_pool=True),
    neck=dict(
        type='MLPNeck', in_channels=256, hidden_channels=4096, out_channels=1000, num_layers=3, norm_cfg=None),
    tile_size=114,
    margin=10.0)
