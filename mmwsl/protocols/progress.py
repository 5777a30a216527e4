"""The old name of :mod:`mmwsl.progress`, for one release."""

import warnings

from mmwsl.progress import progress_bar

__all__ = ['progress_bar']

warnings.warn('mmwsl.protocols.progress is now mmwsl.progress; change the import', DeprecationWarning, stacklevel=2)
