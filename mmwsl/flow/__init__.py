"""Optical flow: estimated, cleared of the camera's motion, warped by, drawn, what moves in it; arrays in and out."""

from .bins import bin_centers, bins_to_flow, flow_to_bins
from .camera import camera_flow, remove_camera
from .consensus import border_saliency, consensus, trimap
from .draw import draw_flow
from .estimate import ESTIMATORS, estimate_flow, register_estimator
from .geometry import flip_flow, resize_flow
from .guidance import grid_points, guidance_points, sparse_motion, sparse_of_arrows, watershed_points
from .moving import MovingRegion, motion_saliency, moving_region
from .superpixels import piece_means, superpixels
from .track import TRACKERS, track_box
from .warp import consistent, inside, move, warp

__all__ = ['ESTIMATORS', 'TRACKERS', 'MovingRegion', 'bin_centers', 'bins_to_flow', 'border_saliency', 'camera_flow',
           'consensus', 'consistent', 'draw_flow', 'estimate_flow', 'flip_flow', 'flow_to_bins', 'grid_points',
           'guidance_points', 'inside', 'motion_saliency', 'move', 'moving_region', 'piece_means', 'register_estimator',
           'remove_camera', 'resize_flow', 'sparse_motion', 'sparse_of_arrows', 'superpixels', 'track_box', 'trimap',
           'warp', 'watershed_points']
