"""``python -m mmwsl COMMAND``, for those who have no ``mmwsl`` on their path."""

import sys

from mmwsl.cli import main

sys.exit(main())
