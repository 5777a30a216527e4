"""Hooks: those that every run has (seeds, logs, the step after the optimiser's, pixels), and some to add.

A hook class with ``once = True`` runs once, however often it is named: the Runner lets a later one of the same class
(or of a subclass) take the place of the earlier one.
"""

from .checkpoint import CheckpointHook
from .clustering import ClusteringHook
from .fixed_learning_rate import FixedLearningRateHook
from .flow_codebook import FlowCodebookHook
from .freeze import FreezeHook
from .hard_negatives import HardNegativeHook
from .iteration_seed import IterationSeedHook
from .mean_feature import MeanFeatureHook
from .optimizer_step import OptimizerStepHook
from .pixel_count import PixelCountHook
from .precise_bn import PreciseBNHook
from .runtime_info import SyncFreeInfoHook, check_classes
from .sample_grid import SampleGridHook

__all__ = ['CheckpointHook', 'ClusteringHook', 'FixedLearningRateHook', 'FlowCodebookHook', 'FreezeHook',
           'HardNegativeHook', 'IterationSeedHook', 'MeanFeatureHook', 'OptimizerStepHook', 'PixelCountHook',
           'PreciseBNHook', 'SampleGridHook', 'SyncFreeInfoHook', 'check_classes']
