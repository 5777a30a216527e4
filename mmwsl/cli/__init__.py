"""The command line: ``mmwsl COMMAND``, and the scripts of ``tools/``; one module a command.

Importing it loads neither torch nor mmengine, so that help answers at once: a command imports what it needs when it
runs.
"""

import os

# torch's OpenMP threads wait for each other by spinning, and keep the processor from the data workers (or from whoever
# shares the machine) meanwhile: several times slower where a third process runs on two cores. A short spin costs a
# quiet machine nothing. Read once, when torch is first imported, so it must stand before that.
os.environ.setdefault('GOMP_SPINCOUNT', '2000')

from .program import build_parser, main  # noqa: E402

__all__ = ['build_parser', 'main']
