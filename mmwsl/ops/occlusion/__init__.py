"""What hides what in a scene, and what is hidden: order of masks, square crops of objects, erasers, completion."""

from .completion import complete_shapes, recover_order
from .crops import cut_masks, object_squares, paste_maps, random_windows
from .erasers import draw_erasers
from .order import (
    ancestors,
    area_order,
    distant_order,
    gain_order,
    hull_order,
    hulls,
    in_contact,
    occluders,
    overlap_order,
    y_axis_order,
)

__all__ = ['ancestors', 'area_order', 'complete_shapes', 'cut_masks', 'distant_order', 'draw_erasers', 'gain_order',
           'hull_order', 'hulls', 'in_contact', 'object_squares', 'occluders', 'overlap_order', 'paste_maps',
           'random_windows', 'recover_order', 'y_axis_order']
