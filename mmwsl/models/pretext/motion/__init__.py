"""Self-supervised methods that learn from the motion of clips, and see single frames."""

from .conditional_propagation import ConditionalMotionPropagation, PropagationDecoder, SparseEncoder
from .cross_pixel import CrossPixelFlow
from .flow_prediction import FlatMapHead, FlowPrediction
from .foreground import MovingForeground

__all__ = ['ConditionalMotionPropagation', 'CrossPixelFlow', 'FlatMapHead', 'FlowPrediction', 'MovingForeground',
           'PropagationDecoder', 'SparseEncoder']
