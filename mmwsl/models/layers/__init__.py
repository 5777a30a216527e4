"""What networks are built of: norms, attention, drop path, positions, pooling, the teacher."""

from .attention import attention
from .drop_path import DropPath, drop_path, drop_path_rates
from .norm import SplitBatchNorm, SyncBatchNorm, build_norm
from .position import resize_positions, sincos_positions
from .shuffle import shuffle_batch, unshuffle
from .teacher import Teacher, cosine_momentum

__all__ = ['DropPath', 'SplitBatchNorm', 'SyncBatchNorm', 'Teacher', 'attention',
           'build_norm', 'cosine_momentum', 'drop_path', 'drop_path_rates', 'resize_positions', 'shuffle_batch',
           'sincos_positions', 'unshuffle']
