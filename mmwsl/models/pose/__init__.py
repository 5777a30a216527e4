"""Pose without labels: landmarks that a generator needs, and three-dimensional latents that turn as the camera does."""

from .geometry_aware import GeometryAware, ViewDecoder
from .landmarks import LandmarkDecoder, LandmarkGeneration, PairedConvs

__all__ = ['GeometryAware', 'LandmarkDecoder', 'LandmarkGeneration', 'PairedConvs', 'ViewDecoder']
