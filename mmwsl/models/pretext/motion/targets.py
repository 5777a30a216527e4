"""What the methods ask of their data: a flow, guidance or mask of each image, of its size."""

import torch.nn.functional as F


def target(data_samples, name, images, channels):
    """The field ``name`` of a batch, (B, ``channels``, H, W), or (B, H, W) if that is None.

    Raises:
        ValueError: the samples have none, or it is not of the images' size.
    """
    if data_samples is None or name not in data_samples:
        settings = dict(flow='', guidance=' with FlowGuidance', moving=' with masks')[name]
        raise ValueError(f'the images come without {name}: train on FlowFrames of clips, or on FlowPairs{settings}, '
                         'which `mmwsl flow` makes of clips')
    value = getattr(data_samples, name)
    expected = (len(images), *(() if channels is None else (channels,)), *images.shape[2:])
    if not hasattr(value, 'shape') or tuple(value.shape) != expected:
        shapes = getattr(value, 'shape', None) or [tuple(each.shape) for each in value]
        raise ValueError(f'{name} is of shape {shapes} for images {tuple(images.shape)}; it must be {expected}: views '
                         'of the preprocessor may not crop or resize what has a flow, the data set\'s pipeline does')
    return value


def shrink_flow(flow, size):
    """Mean flow (B, 2, h, w) of the areas of a grid, in pixels of the image; NaN where a pixel of it is not known."""
    return F.adaptive_avg_pool2d(flow, size)
