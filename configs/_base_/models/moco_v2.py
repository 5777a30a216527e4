_base_ = './moco_v1.py'

model = dict(neck=dict(hidden_channels=2048, num_layers=2, norm_cfg=None), temperature=0.2)
