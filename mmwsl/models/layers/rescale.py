"""Data-dependent rescaling of random weights (Krähenbühl et al. 2015, arXiv:1511.06856)."""

import torch
import torch.nn as nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from mmwsl.ops.modes import eval_mode

TINY = 1e-6  # a response that varies less is constant: there is nothing to bring to unit variance


@torch.no_grad()
def rescale_responses(model, *inputs, **settings):
    """Give every layer's response zero mean and unit variance per channel on one batch, in the order of execution.

    One call ``model(*inputs, **settings)`` in eval mode. At a convolution or linear layer its weights are divided by
    the deviation of each output channel, and its bias, if it has one, is set so that the mean is zero; the layer then
    runs again with the new weights, so that what follows sees them. At a batch norm the running mean and variance
    become those of its input and its affine part the identity: where a batch norm follows a layer, that is the
    rescaling, the mean included. Layer and group norms normalise by themselves and stay. A channel whose response is
    constant keeps its weights.

    The paper goes on to balance the rates at which layers learn. That multiplies a layer by a number and divides the
    next by it, so frozen features do not depend on it, and it is left out.

    Args:
        model: a module; changed in place. It gets every module's own mode back.
        inputs, settings: what it is called with.

    Returns:
        Number of layers rescaled, batch norms not counted.

    Raises:
        ValueError: no convolution or linear layer was met.
    """
    done = []

    def at_batch_norm(module, arguments):
        if module in done:
            return
        done.append(module)
        x = arguments[0].float()
        variance, mean = torch.var_mean(x, [axis for axis in range(x.ndim) if axis != 1], correction=0)
        if module.track_running_stats:
            module.running_mean.copy_(mean)
            module.running_var.copy_(variance)
        if module.affine:
            module.weight.fill_(1)
            module.bias.zero_()

    def at_layer(module, arguments, output):
        if module in done:  # shared weights keep what their first use gave them
            return None
        done.append(module)
        channels = output.ndim - 1 if isinstance(module, nn.Linear) else 1
        deviation, mean = torch.std_mean(output.float(), [axis for axis in range(output.ndim) if axis != channels],
                                         correction=0)
        factor = torch.where(deviation > TINY, 1 / deviation, 1.0)
        module.weight.mul_(factor.view(-1, *[1] * (module.weight.ndim - 1)))
        if module.bias is not None:
            module.bias.sub_(mean).mul_(factor)
        return module.forward(*arguments)  # not __call__, which would come back here

    hooks = []
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            hooks.append(module.register_forward_pre_hook(at_batch_norm))
        elif isinstance(module, (_ConvNd, nn.Linear)) and not isinstance(module, _ConvTransposeNd):
            hooks.append(module.register_forward_hook(at_layer))
    try:
        with eval_mode(model):
            model(*inputs, **settings)
    finally:
        for hook in hooks:
            hook.remove()
    layers = sum(not isinstance(module, _BatchNorm) for module in done)
    if not layers:
        raise ValueError(f'{type(model).__name__} ran no convolution or linear layer: there is nothing to rescale')
    return layers
