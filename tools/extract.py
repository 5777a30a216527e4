"""Write features of a data set; the same as ``mmwsl extract``."""

import sys

from mmwsl.cli import main

sys.exit(main(['extract', *sys.argv[1:]]))
