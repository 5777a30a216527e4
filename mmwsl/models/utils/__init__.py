from .attention import attention
from .drop_path import DropPath, drop_path, drop_path_rates
from .norm import SplitBatchNorm, SyncBatchNorm, build_norm
from .position import resize_positions, sincos_positions
from .shuffle import shuffle_batch, unshuffle
from .teacher import Teacher, cosine_momentum

__all__ = ['DropPath', 'SplitBatchNorm', 'SyncBatchNorm', 'Teacher', 'attention',
           'build_norm', 'cosine_momentum', 'drop_path', 'drop_path_rates', 'resize_positions', 'shuffle_batch',
           'sincos_positions', 'unshuffle']


def __getattr__(name):
    """``all_gather`` and ``all_reduce``, as plugins of version 0.1 import them; they go with the next release."""
    if name in ('all_gather', 'all_reduce'):
        import warnings

        from mmwsl import dist
        warnings.warn(f'import {name} from mmwsl.dist; mmwsl.models.utils.{name} goes with the next release',
                      DeprecationWarning, stacklevel=2)
        return getattr(dist, name)
    raise AttributeError(f'module {__name__} has no attribute {name}')
