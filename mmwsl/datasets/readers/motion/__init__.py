"""Flow in files, images that have one each, the windows of clips in which much moves, and views of people."""

from .clip_windows import ClipWindows
from .flow_files import FLOW_FORMATS, FlowError, read_flow, write_flow
from .flow_pairs import FlowPairs
from .multi_view_poses import MultiViewPoses

__all__ = ['FLOW_FORMATS', 'ClipWindows', 'FlowError', 'FlowPairs', 'MultiViewPoses', 'read_flow', 'write_flow']
