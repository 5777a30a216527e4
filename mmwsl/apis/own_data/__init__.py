"""Any recipe on a user's own photos: what ``data=PATH`` in a config, or ``--data PATH``, changes in it."""

from .sizes import lower_batch
from .use import use_data

__all__ = ['lower_batch', 'use_data']
