# The paper's network: AlexNet, a fully connected layer to 56 x 56 positions, of crops of 227 pixels.
model = dict(
    type='MovingForeground',
    backbone=dict(type='AlexNet', channels=(96, 256, 384, 384, 256), final_pool=True),
    head=dict(type='FlatMapHead', in_side=6, channels=4096, out_channels=1, side=56))
