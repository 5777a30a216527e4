"""Train a model; the same as ``mmwsl train``."""

import sys

from mmwsl.cli import main

sys.exit(main(['train', *sys.argv[1:]]))
