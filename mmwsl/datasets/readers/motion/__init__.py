"""Flow in files, images that have one each, and the windows of clips in which much moves."""

from .clip_windows import ClipWindows
from .flow_files import FLOW_FORMATS, FlowError, read_flow, write_flow
from .flow_pairs import FlowPairs

__all__ = ['FLOW_FORMATS', 'ClipWindows', 'FlowError', 'FlowPairs', 'read_flow', 'write_flow']
