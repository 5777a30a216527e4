"""Training: what mmengine lacks."""

from . import clustering_hook, constructor, hooks, lars, loops, optim_wrapper, precise_bn, runner  # noqa: F401
from .runner import Runner

__all__ = ['Runner']
