"""Metrics: how good predictions are."""

from . import functional, metrics

__all__ = ['functional', 'metrics']
