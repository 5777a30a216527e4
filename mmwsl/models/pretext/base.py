"""The name under which plugins of version 0.1 import the base of a method; goes with the next release."""

from mmwsl.models.base import Model as PretextModel
from mmwsl.models.base import TeacherModel

__all__ = ['PretextModel', 'TeacherModel']
