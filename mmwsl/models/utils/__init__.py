from .distributed import all_gather, all_reduce, shuffle_batch, unshuffle
from .norm import SplitBatchNorm, SyncBatchNorm, build_norm
from .teacher import Teacher, cosine_momentum

__all__ = ['SplitBatchNorm', 'SyncBatchNorm', 'Teacher', 'all_gather', 'all_reduce', 'build_norm', 'cosine_momentum',
           'shuffle_batch', 'unshuffle']
