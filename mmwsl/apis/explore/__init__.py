"""A folder of photos explored: features, groups, duplicates, odd ones, accuracy against floors, label errors."""

from .run import explore

__all__ = ['explore']
