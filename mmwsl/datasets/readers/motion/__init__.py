"""Flow in files, and images that have one each."""

from .flow_files import FLOW_FORMATS, FlowError, read_flow, write_flow
from .flow_pairs import FlowPairs

__all__ = ['FLOW_FORMATS', 'FlowError', 'FlowPairs', 'read_flow', 'write_flow']
