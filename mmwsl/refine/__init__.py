"""Refiners of maps by the colors of their images: pure functions, batched, on any device."""

from .dense_crf import PRESETS, dense_crf, label_probabilities
from .dense_energy import dense_energy
from .pamr import pamr
from .par import par
from .random_walk import feature_affinity, half_disk, path_affinity, propagate

__all__ = ['PRESETS', 'dense_crf', 'dense_energy', 'feature_affinity', 'half_disk', 'label_probabilities', 'pamr',
           'par', 'path_affinity', 'propagate']
