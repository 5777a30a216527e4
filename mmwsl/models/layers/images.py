"""Checks of the images a method is given."""


def check_patches(images, patch_size):
    """Raise ValueError unless images (B, C, H, W) divide into square patches of ``patch_size`` pixels a side."""
    height, width = images.shape[2:]
    if height % patch_size or width % patch_size:
        raise ValueError(f'images of {height} x {width} pixels do not divide into patches of {patch_size}; change the '
                         'size of the views or patch_size')


def check_normalization(preprocessor, mean, std, method):
    """Raise ValueError unless the preprocessor normalises by ``mean`` and ``std``, as the method needs.

    Args:
        preprocessor: a ``data_preprocessor``; one without buffers ``mean`` and ``std`` (of [0, 1]) passes.
        mean, std: what it must subtract and divide by, of pixel values 0-255 and the same for all channels.
        method: its name, for the message.

    Raises:
        ValueError: the preprocessor has others.
    """
    for name, expected in (('mean', mean), ('std', std)):
        values = getattr(preprocessor, name, None)
        if values is not None and (values * 255 - expected).abs().max() > 0.5:
            raise ValueError(f'{method} needs images in [{-mean / std:g}, {(255 - mean) / std:g}], but '
                             f'data_preprocessor.{name} is {[round(v, 2) for v in (values * 255).flatten().tolist()]}; '
                             f'set mean=[{mean}] * 3 and std=[{std}] * 3')
