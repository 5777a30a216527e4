model = dict(
    type='Colorization',
    backbone=dict(type='AlexNet', in_channels=1),
    head=dict(type='DenseHead', in_channels=256, out_channels=313, channels=[256, 128]),
    step=10,
    neighbors=5)
