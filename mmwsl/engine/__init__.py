"""Training: what mmengine lacks."""

from . import constructor, hooks, lars, loops, optim_wrapper, runner  # noqa: F401
from .runner import Runner

__all__ = ['Runner']
