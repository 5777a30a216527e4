"""Any recipe on a user's own photos: what ``data=PATH`` in a config, or ``--data PATH``, changes in it."""

from .use import use_data

__all__ = ['use_data']
