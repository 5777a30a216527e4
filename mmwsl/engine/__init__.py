"""Training, as far as mmengine lacks it: runner, loops, optimizers, mixed precision, schedules."""

from . import constructor, halves, hooks, lars, loops, optim_wrapper, runner  # noqa: F401
from .runner import Runner

__all__ = ['Runner']
