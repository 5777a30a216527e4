from .attention import attention
from .distributed import all_gather, all_reduce, shuffle_batch, unshuffle
from .drop_path import DropPath, drop_path, drop_path_rates
from .norm import SplitBatchNorm, SyncBatchNorm, build_norm
from .position import resize_positions, sincos_positions
from .teacher import Teacher, cosine_momentum

__all__ = ['DropPath', 'SplitBatchNorm', 'SyncBatchNorm', 'Teacher', 'all_gather', 'all_reduce', 'attention',
           'build_norm', 'cosine_momentum', 'drop_path', 'drop_path_rates', 'resize_positions', 'shuffle_batch',
           'sincos_positions', 'unshuffle']
