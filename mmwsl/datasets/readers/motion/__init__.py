"""Flow in files, images that have one each, clips of actions, the liveliest windows of clips, and views of people."""

from .action_clips import ActionClips
from .clip_windows import ClipWindows
from .flow_files import FLOW_FORMATS, FlowError, read_flow, write_flow
from .flow_pairs import FlowPairs
from .multi_view_poses import MultiViewPoses

__all__ = ['FLOW_FORMATS', 'ActionClips', 'ClipWindows', 'FlowError', 'FlowPairs', 'MultiViewPoses', 'read_flow',
           'write_flow']
