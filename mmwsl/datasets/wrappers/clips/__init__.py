"""Data sets made of clips: frames with their flow, label or the box of what moves, patches that were followed."""

from .clip_frames import ClipFrames
from .flow_frames import FlowFrames
from .motion_frames import MotionFrames, frame_region
from .tracked_patches import TrackedPatches

__all__ = ['ClipFrames', 'FlowFrames', 'MotionFrames', 'TrackedPatches', 'frame_region']
