model = dict(
    type='DINO',
    backbone=dict(type='VisionTransformer', arch='small', patch_size=16, drop_path_rate=0.1),
    head=dict(type='DINOHead', in_channels=384, hidden_channels=2048, bottleneck_channels=256, out_channels=65536),
    temperature=0.1,
    teacher_temperature=0.04,
    center_momentum=0.9,
    momentum=0.996,
    end_momentum=1.0)
