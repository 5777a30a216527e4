"""``mmwsl list``."""

SUMMARY = "List."
EXAMPLE = "mmwsl list"


def add_arguments(parser):
    pass


def run(args):
    pass
