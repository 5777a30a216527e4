"""The names under which plugins of version 0.1 import the base of a method; they go with the next release."""

import warnings

from mmwsl.models.base import Model as PretextModel
from mmwsl.models.base import TeacherModel

__all__ = ['PretextModel', 'TeacherModel']
warnings.warn('mmwsl.models.pretext.base goes with the next release: derive from mmwsl.models.base.Model or '
              'TeacherModel', DeprecationWarning, stacklevel=2)
