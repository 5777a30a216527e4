"""Score classifiers on partly hidden test images; the same as ``mmwsl hidden-robustness``."""

import sys

from mmwsl.cli import main

sys.exit(main(['hidden-robustness', *sys.argv[1:]]))
