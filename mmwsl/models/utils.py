"""The name of before of ``mmwsl.models.layers`` and ``mmwsl.dist``; goes with the next release."""

import warnings

from mmwsl import dist
from mmwsl.models import layers


def __getattr__(name):
    room = dist if name in ('all_gather', 'all_reduce') else layers
    if name.startswith('__') or not hasattr(room, name):
        raise AttributeError(f'module {__name__} has no attribute {name}')
    warnings.warn(f'import {name} from {room.__name__}; mmwsl.models.utils goes with the next release',
                  DeprecationWarning, stacklevel=2)
    return getattr(room, name)
