import sys

from mmwsl.cli import main

sys.exit(main())
