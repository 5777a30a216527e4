"""Bring a public data set into the form that mmwsl reads; the same as ``mmwsl prepare``."""

import sys

from mmwsl.cli import main

sys.exit(main(['prepare', *sys.argv[1:]]))
