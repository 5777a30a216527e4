"""Draw where classifiers look; the same as ``mmwsl overlays``."""

import sys

from mmwsl.cli import main

sys.exit(main(['overlays', *sys.argv[1:]]))
