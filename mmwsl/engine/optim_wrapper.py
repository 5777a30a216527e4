"""Mixed precision on any device."""

from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper

from mmwsl.compat import autocast_dtype
from mmwsl.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """``OptimWrapper`` whose forward runs in autocast, on a CPU too (mmengine's ``AmpOptimWrapper`` refuses CPUs).

    Args:
        dtype: ``'auto'`` (bf16 where the device multiplies it natively, fp16 on older GPUs, else fp32),
            ``'bfloat16'``, ``'float16'`` (GPU only, with a gradient scaler) or ``'float32'``.
        clip_grad: mmengine's (``dict(max_norm=...)``, or ``type='value'``), or ``dict(type='norm_per_tensor',
            max_norm=...)``, which shortens the gradient of each tensor by itself (DINO).
        kwargs: of mmengine's OptimWrapper: ``optimizer``, ``accumulative_counts``.

    Raises:
        ValueError: unknown dtype, or fp16 without a GPU.
    """

    def __init__(self, dtype='auto', clip_grad=None, **kwargs):
        clip_grad = dict(clip_grad) if clip_grad else None
        self.clip_per_tensor = bool(clip_grad) and clip_grad.get('type') == 'norm_per_tensor'
        if self.clip_per_tensor:
            clip_grad['type'] = 'norm'
        super().__init__(clip_grad=clip_grad, **kwargs)
        self.dropped = {}  # lists of parameters whose gradients the next step ignores, by the FreezeHook that says so
        self.device_type = torch.device(get_device()).type
        choices = dict(auto=autocast_dtype(self.device_type), bfloat16=torch.bfloat16, float16=torch.float16,
                       float32=None)
        if dtype not in choices:
            raise ValueError(f'AutocastOptimWrapper dtype {dtype!r} is unknown; choose one of {", ".join(choices)}')
        self.dtype = choices[dtype]
        if self.dtype == torch.float16 and self.device_type == 'cpu':
            raise ValueError("AutocastOptimWrapper: float16 needs a GPU; choose 'auto' or 'bfloat16' on a CPU")
        # Without fp16 the scaler is switched off and passes everything through.
        self.scaler = torch.amp.GradScaler(self.device_type, enabled=self.dtype == torch.float16)

    @contextmanager
    def optim_context(self, model):
        with super().optim_context(model), torch.autocast(self.device_type, self.dtype or torch.bfloat16,
                                                          enabled=self.dtype is not None):
            yield

    def backward(self, loss, **kwargs):
        self.scaler.scale(loss).backward(**kwargs)
        self._inner_count += 1

    def _clip_grad(self):
        gradients = [p.grad for group in self.optimizer.param_groups for p in group['params'] if p.grad is not None]
        if self.clip_per_tensor:
            norms = torch.stack(torch._foreach_norm(gradients))
            torch._foreach_mul_(gradients, list((self.clip_grad_kwargs['max_norm'] / (norms + 1e-6)).clamp(max=1)))
        else:  # mmengine's would log the norm, and reading it waits for the device
            self.clip_func([p for group in self.optimizer.param_groups for p in group['params']],
                           **self.clip_grad_kwargs)

    def step(self, **kwargs):
        for parameters in self.dropped.values():
            for parameter in parameters:
                parameter.grad = None
        if self.clip_grad_kwargs:
            self.scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.scaler.step(self.optimizer, **kwargs)
        self.scaler.update()

    def state_dict(self):
        return dict(super().state_dict(), scaler=self.scaler.state_dict())

    def load_state_dict(self, state_dict):
        state_dict = dict(state_dict)
        scaler = state_dict.pop('scaler', None)
        if scaler:
            self.scaler.load_state_dict(scaler)
        super().load_state_dict(state_dict)
