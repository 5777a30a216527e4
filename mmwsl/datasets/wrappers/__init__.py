"""Data sets made of another one."""

from .joined import Joined
from .resized import Resized
from .single_class_crops import SingleClassCrops, square_around
from .subset import stratified_split, subset
from .with_proposals import ImageProposals, with_proposals
from .with_windows import WithWindows

__all__ = ['ImageProposals', 'Joined', 'Resized', 'SingleClassCrops', 'WithWindows', 'square_around',
           'stratified_split', 'subset', 'with_proposals']
