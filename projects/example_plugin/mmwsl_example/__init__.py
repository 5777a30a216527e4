"""Importing this package registers everything it has; mmwsl does so by its entry point."""

from . import backbone, pretext, protocol, weak_head  # noqa: F401
