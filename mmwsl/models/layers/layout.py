"""How what the parts of a backbone return lies over the image: as maps, as tokens, or in windows."""

import math

import torch

MOST_EXTRA = 16  # tokens before the patches: class, distillation, registers


def layout_of(backbone, layer, output, size):
    """How ``output`` of a part of a backbone lies.

    A backbone declares it by a method ``layout(layer)``; of another one's four dimensions it is that order in which the
    sides are more nearly in proportion to the image's, and none of both if they are off by more than a factor of 2, or
    within an attention (``attn.q_norm``), where they are heads and tokens.

    Args:
        backbone: the network.
        layer: name of the part; None: the output is the last that the backbone itself returns.
        output: tensor.
        size: (H, W) of the image.

    Returns:
        str: ``'channels_first'``, (B, K, h, w); ``'channels_last'``, (B, h, w, K); ``'tokens'``, (B, N, K), of which
        the last h w are the patches, row by row; ``'windows'``, in another order than the image's.
    """
    if layer is not None and hasattr(backbone, 'layout'):
        return backbone.layout(layer)
    if output.ndim != 4:
        return 'tokens'
    if layer is None:
        return 'channels_first'
    first, last = (abs(math.log(output.shape[axis] * size[1] / (output.shape[axis + 1] * size[0]))) for axis in (2, 1))
    if min(first, last) > math.log(2) or 'attn' in layer.split('.')[:-1]:
        return 'windows'
    return 'channels_last' if last < first else 'channels_first'


def as_map(output, layout, size, patch_size=None):
    """View of ``output`` as maps (B, K, h, w); None if it does not lie over the image.

    Args:
        output: tensor, what a part returns or its gradient.
        layout: see :func:`layout_of`.
        size: (H, W) of the image.
        patch_size: side of a token's patch in pixels; None: where tokens lie is not known.
    """
    if output.ndim == 4 and layout == 'channels_first':
        return output
    if output.ndim == 4 and layout == 'channels_last':
        return output.permute(0, 3, 1, 2)
    if output.ndim == 3 and layout == 'tokens' and patch_size:
        grid = size[0] // patch_size, size[1] // patch_size
        extra = output.shape[1] - grid[0] * grid[1]
        if 0 <= extra <= MOST_EXTRA:
            return output[:, extra:].transpose(1, 2).unflatten(2, grid)
    return None


def maps_with_gradients(backbone, outputs, scores, images):
    """Maps of what parts of a backbone return, and of the gradients of ``scores`` by it.

    Args:
        backbone: the network.
        outputs: dict of name -> what that part returned, see :func:`layout_of`; with its graph.
        scores: (B,), computed of them.
        images: (B, C, H, W) that went in.

    Returns:
        dict: name -> pair of (B, K, h, w), of those parts that lie over the image. Tokens on whose patches no score
        depends, those behind the last attention to a class token that is read, are left out.
    """
    outputs = {name: output for name, output in outputs.items() if isinstance(output, torch.Tensor)
               and output.requires_grad and output.ndim > 2 and len(output) == len(images)}
    if not outputs:
        return {}
    gradients = torch.autograd.grad(scores.sum(), list(outputs.values()), retain_graph=True, allow_unused=True)
    size, found = images.shape[2:], {}
    for (name, output), gradient in zip(outputs.items(), gradients, strict=True):
        if gradient is not None:
            layout = layout_of(backbone, name, output, size)
            pair = [as_map(each, layout, size, getattr(backbone, 'patch_size', None)) for each in (output, gradient)]
            if pair[0] is not None and (layout != 'tokens' or pair[1].any()):
                found[name] = pair
    return found
