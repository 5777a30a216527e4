"""One progress bar for everything that may take long."""

import sys
from collections.abc import Iterable
from typing import Any

from mmengine.dist import is_main_process
from tqdm import tqdm


def progress_bar(iterable: Iterable[Any] | None = None, description: str | None = None, total: int | None = None,
                 unit: str = 'it', enabled: bool = True) -> tqdm:
    """Wrap ``iterable`` (or count by hand to ``total``) with a bar and an ETA on stderr.

    Shown by the main process only, and only for work that lasts longer than two seconds; where stderr is not a terminal
    the bar is written every ten seconds at most, so that a log file stays short.
    """
    piped = not sys.stderr.isatty()
    return tqdm(iterable, desc=description, total=total, unit=unit, file=sys.stderr, delay=2, dynamic_ncols=not piped,
                mininterval=10 if piped else 0.1, disable=not (enabled and is_main_process()))
