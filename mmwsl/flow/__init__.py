"""Optical flow: estimated, cleared of the camera's motion, drawn, and the moving region in it; arrays in and out."""

from .camera import camera_flow, remove_camera
from .draw import draw_flow
from .estimate import ESTIMATORS, estimate_flow, register_estimator
from .moving import MovingRegion, motion_saliency, moving_region

__all__ = ['ESTIMATORS', 'MovingRegion', 'camera_flow', 'draw_flow', 'estimate_flow', 'motion_saliency',
           'moving_region', 'register_estimator', 'remove_camera']
