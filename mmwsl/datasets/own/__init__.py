"""A user's own photos and labels, whatever form they are written in."""

from .checks import check_sizes
from .dataset import OwnData
from .formats import FORMATS, read_own_data
from .records import Records, describe, split_positions

__all__ = ['FORMATS', 'OwnData', 'Records', 'check_sizes', 'describe', 'read_own_data', 'split_positions']
