"""Scenes taken apart into layers by trained networks, and composed anew: objects deleted, moved, put in front."""

from .decompose import decompose, layers_of, read_masks
from .occlusion import hidden_shares, occlusion_page, occlusion_summary
from .page import ScenePage, serve_page
from .rearrange import rearrange, visible_alone

__all__ = ['ScenePage', 'decompose', 'hidden_shares', 'layers_of', 'occlusion_page', 'occlusion_summary', 'read_masks',
           'rearrange', 'serve_page', 'visible_alone']
