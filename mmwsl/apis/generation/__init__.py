"""Pictures of generators: grids whose rows and columns are codes, and strips from one noise to another."""

from mmwsl.models.generative.grids import code_grid, interpolation_strip

from .grids import write_samples

__all__ = ['code_grid', 'interpolation_strip', 'write_samples']
