"""Scenes with hidden parts: sets with whole shapes beside visible ones, and files of scenes taken apart."""

from .amodal import COCOA, KINS
from .scene_files import read_scene, write_scene

__all__ = ['COCOA', 'KINS', 'read_scene', 'write_scene']
