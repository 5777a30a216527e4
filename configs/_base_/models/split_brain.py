model = dict(
    type='SplitBrain',
    backbone=dict(type='AlexNet'),  # halved by the model: 32-96-192-128-128 channels for L and as many for ab
    color_head=dict(type='DenseHead', in_channels=128, out_channels=313),
    lightness_head=dict(type='DenseHead', in_channels=128, out_channels=50),
    step=10)
