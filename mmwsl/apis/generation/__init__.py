"""Pictures of generators: grids whose rows and columns are codes, strips between noises, photos restored."""

from mmwsl.models.generative.grids import code_grid, interpolation_strip

from .grids import write_samples
from .restoration import measure_restoration
from .restore import restore

__all__ = ['code_grid', 'interpolation_strip', 'measure_restoration', 'restore', 'write_samples']
