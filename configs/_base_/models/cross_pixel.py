# Embeddings of 16 numbers a pixel, on AlexNet.
model = dict(
    type='CrossPixelFlow',
    backbone=dict(type='AlexNet', channels=(96, 256, 384, 384, 256)),
    head=dict(type='DenseHead', in_channels=256, out_channels=16),
    pixels=512)
