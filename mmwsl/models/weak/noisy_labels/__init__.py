"""Classification from labels of which some are wrong: losses that bear them, and two networks that teach each other."""

from .bootstrapping import BootstrappingHead
from .co_teaching import CoTeaching
from .generalized_cross_entropy import GeneralizedCrossEntropyHead
from .symmetric_cross_entropy import SymmetricCrossEntropyHead

__all__ = ['BootstrappingHead', 'CoTeaching', 'GeneralizedCrossEntropyHead', 'SymmetricCrossEntropyHead']
