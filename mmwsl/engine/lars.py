"""LARS (You et al. 2017) and its published variants."""

import torch
from torch.optim import Optimizer

from mmwsl.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class LARS(Optimizer):
    """SGD with momentum whose step for each tensor is scaled by its trust ratio.

    With decayed gradient u = g + wd p, ratio r = eta |p| / |u| (1 where either norm is 0), and by default (Barlow
    Twins, VICReg, MoCo v3, BYOL)::

        v <- momentum v + r u;   p <- p - lr v

    Nothing is read back from the device, so a step never waits for it.

    Args:
        params: parameters or groups; a group may set ``lars_exclude=True`` (ratio 1, its decay kept).
        lr: learning rate.
        momentum, weight_decay: as in SGD.
        trust_coefficient: eta.
        exclude_1d: tensors of one dimension (norm scales and shifts, biases) get neither decay nor adaptation.
        norm_sum: ratio eta |p| / (|g| + wd |p| + eps) instead, as in OpenSelfSup and apex's LARC; 1 where |p| or |g|
            is 0, as in apex. OpenSelfSup's ratio is 0 where |p| is, so that a matrix of zeros never moves there; here
            it does.
        lr_in_momentum: v <- momentum v + lr r u; p <- p - v, as in SimCLR's TensorFlow code: differs while lr changes.
        clip: ratio min(r / lr, 1), LARC's clipping mode.
        eps: added to the denominator of ``norm_sum``.
        nesterov: Nesterov momentum.
    """

    def __init__(self, params, lr, momentum=0.9, weight_decay=0.0, trust_coefficient=0.001, exclude_1d=True,
                 norm_sum=False, lr_in_momentum=False, clip=False, eps=1e-8, nesterov=False, lars_exclude=False):
        for name, value in (('lr', lr), ('momentum', momentum), ('weight_decay', weight_decay),
                            ('trust_coefficient', trust_coefficient), ('eps', eps)):
            if value < 0:
                raise ValueError(f'LARS: {name} must not be negative, got {value}')
        super().__init__(params, dict(
            lr=lr, momentum=momentum, weight_decay=weight_decay, trust_coefficient=trust_coefficient,
            exclude_1d=exclude_1d, norm_sum=norm_sum, lr_in_momentum=lr_in_momentum, clip=clip, eps=eps,
            nesterov=nesterov, lars_exclude=lars_exclude))

    @torch.no_grad()
    def step(self, closure=None):
        """One update; returns the closure's loss, if there is a closure."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group['params'] if p.grad is not None]
            plain = [p for p in params if group['exclude_1d'] and p.ndim <= 1]
            rest = [p for p in params if not (group['exclude_1d'] and p.ndim <= 1)]
            if plain:
                self._apply(plain, [p.grad.clone() for p in plain], group)
            if rest:
                self._apply(rest, self._adapted(rest, group), group)
        return loss

    @staticmethod
    def _adapted(params, group):
        """List of r u for each parameter."""
        grads = [p.grad for p in params]
        decay, eta = group['weight_decay'], group['trust_coefficient']
        updates = torch._foreach_add(grads, params, alpha=decay)
        if group['lars_exclude']:
            return updates
        weight_norm = torch.stack(torch._foreach_norm(params))
        other_norm = torch.stack(torch._foreach_norm(grads if group['norm_sum'] else updates))
        denominator = other_norm + decay * weight_norm + group['eps'] if group['norm_sum'] else other_norm
        ratio = eta * weight_norm / denominator
        if group['clip']:
            ratio = (ratio / group['lr']).clamp(max=1)
        ratio = torch.where((weight_norm > 0) & (other_norm > 0), ratio, torch.ones_like(ratio))
        torch._foreach_mul_(updates, list(ratio.unbind()))
        return updates

    def _apply(self, params, updates, group):
        lr, momentum = group['lr'], group['momentum']
        if group['lr_in_momentum']:
            torch._foreach_mul_(updates, lr)
            lr = 1.0
        if momentum:
            buffers = []
            for p in params:
                state = self.state[p]
                if 'momentum_buffer' not in state:
                    state['momentum_buffer'] = torch.zeros_like(p)
                buffers.append(state['momentum_buffer'])
            torch._foreach_mul_(buffers, momentum)
            torch._foreach_add_(buffers, updates)
            updates = torch._foreach_add(updates, buffers, alpha=momentum) if group['nesterov'] else buffers
        torch._foreach_add_(params, updates, alpha=-lr)
