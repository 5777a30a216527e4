"""Write a checkpoint's backbone under another project's names; the same as ``mmwsl convert``."""

import sys

from mmwsl.cli import main

sys.exit(main(['convert', *sys.argv[1:]]))
