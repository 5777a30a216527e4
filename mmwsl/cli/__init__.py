"""The command line: ``mmwsl COMMAND``, and the scripts of ``tools/``."""

from .commands import build_parser, main

__all__ = ['build_parser', 'main']
