"""Write a page of records; the same as ``mmwsl report``."""

import sys

from mmwsl.cli import main

sys.exit(main(['report', *sys.argv[1:]]))
