"""Evaluate a checkpoint; the same as ``mmwsl test``."""

import sys

from mmwsl.cli import main

sys.exit(main(['test', *sys.argv[1:]]))
