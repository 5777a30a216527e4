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
        kwargs: of mmengine's OptimWrapper: ``optimizer``, ``accumulative_counts``, ``clip_grad``.

    Raises:
        ValueError: unknown dtype, or fp16 without a GPU.
    """

    def __init__(self, dtype='auto', **kwargs):
        super().__init__(**kwargs)
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

    def step(self, **kwargs):
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
