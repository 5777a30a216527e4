"""Evaluate a checkpoint by frozen features or fine-tuning; the same as ``mmwsl benchmark``."""

import sys

from mmwsl.cli import main

sys.exit(main(['benchmark', *sys.argv[1:]]))
