"""Write a checkpoint's backbone without a prefix, as OpenSelfSup's tool of this name: ``CHECKPOINT OUT.pth``."""

import sys

from mmwsl.cli import main

sys.exit(main(['convert', *sys.argv[1:], '--to', 'torchvision']))
