"""Measure views per second; the same as ``mmwsl throughput``."""

import sys

from mmwsl.cli import main

sys.exit(main(['throughput', *sys.argv[1:]]))
