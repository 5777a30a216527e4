"""Predict photos of one's own; the same as ``mmwsl predict``."""

import sys

from mmwsl.cli import main

sys.exit(main(['predict', *sys.argv[1:]]))
