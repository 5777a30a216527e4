"""Self-supervised methods that learn from the order of frames, and from what is tracked through them."""

from .odd_one_out import OddOneOut
from .temporal_order import TemporalOrder
from .triplets import SiameseTriplets

__all__ = ['OddOneOut', 'SiameseTriplets', 'TemporalOrder']
