"""Train and benchmark a list of methods; the same as ``mmwsl suite``."""

import sys

from mmwsl.cli import main

sys.exit(main(['suite', *sys.argv[1:]]))
