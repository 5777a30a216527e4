"""Data sets made of another one."""

from .resized import Resized
from .single_class_crops import SingleClassCrops, square_around
from .subset import stratified_split, subset

__all__ = ['Resized', 'SingleClassCrops', 'square_around', 'stratified_split', 'subset']
