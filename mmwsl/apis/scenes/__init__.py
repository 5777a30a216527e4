"""Scenes taken apart into layers by trained networks, and composed anew: objects deleted, moved, put in front."""

from .data_set import decompose_dataset, recomposed_scenes
from .decompose import decompose, layers_of, read_masks
from .occlusion import hidden_shares, occlusion_page, occlusion_summary
from .page import ScenePage, serve_page
from .rearrange import rearrange, visible_alone

__all__ = ['ScenePage', 'decompose', 'decompose_dataset', 'hidden_shares', 'layers_of', 'occlusion_page',
           'occlusion_summary', 'read_masks', 'rearrange', 'recomposed_scenes', 'serve_page', 'visible_alone']
