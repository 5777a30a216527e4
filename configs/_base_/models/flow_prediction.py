# The paper's network: AlexNet, two fully connected layers to 20 x 20 positions of 40 motions, of images of 200 pixels.
model = dict(
    type='FlowPrediction',
    backbone=dict(type='AlexNet', channels=(96, 256, 384, 384, 256), final_pool=True),
    head=dict(type='FlatMapHead', in_side=5, channels=4096, out_channels=40, side=20),
    clusters=40)
custom_hooks = [dict(type='FlowCodebookHook')]
