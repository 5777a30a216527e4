"""Convolution with TensorFlow's SAME padding."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def same_padding(size, kernel, stride, dilation=1):
    """Zeros (before, after) an axis of ``size`` for ``ceil(size / stride)`` outputs; the odd one comes after."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


class SameConv2d(nn.Conv2d):
    """Convolution without bias whose output has 1/stride of the input's height and width, rounded up.

    At stride 1 it is an ordinary padded convolution. At stride 2 the padding depends on the size of the input: where
    that is even, there is less of it on top and left than below and right.

    Args:
        inputs, outputs: channels.
        kernel: odd side of the kernel.
        groups: as many as ``inputs`` for a depthwise convolution.
    """

    def __init__(self, inputs, outputs, kernel, stride=1, dilation=1, groups=1):
        super().__init__(inputs, outputs, kernel, stride, dilation * (kernel // 2) if stride == 1 else 0, dilation,
                         groups, bias=False)

    def forward(self, x):
        if self.stride[0] == 1:
            return super().forward(x)
        (top, bottom), (left, right) = (same_padding(size, self.kernel_size[0], self.stride[0], self.dilation[0])
                                        for size in x.shape[2:])
        if self.dilation[0] > 1 or torch.compiler.is_compiling():  # torch's ONNX exporter loses a padded weight
            return super().forward(F.pad(x, (left, right, top, bottom)))
        # Where the padding is uneven, the kernel gets the row and the column of zeros: the image need not be copied.
        weight = F.pad(self.weight, (right - left, 0, bottom - top, 0))
        return F.conv2d(x, weight, self.bias, self.stride, (bottom, right), 1, self.groups)
