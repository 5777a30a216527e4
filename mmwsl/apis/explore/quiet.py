"""A quiet console: what logs and warnings say goes to a file."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from mmengine.logging import MMLogger


@contextlib.contextmanager
def log_to(path: Path) -> Iterator[TextIO]:
    """Within it, mmengine's and Python's logs and warnings are added to the file, which is yielded to be written to."""
    with open(path, 'a', encoding='utf-8', buffering=1) as file:
        name = f'explore {path} {id(file)}'
        logger = MMLogger.get_instance(name, logger_name='mmwsl')
        before, handler = list(logger.handlers), logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter('%(asctime)s %(levelname)s %(message)s'))
        logger.handlers[:] = [handler]
        logger.setLevel(logging.INFO)
        show = warnings.showwarning
        warnings.showwarning = lambda message, category, filename, line, *rest: logger.warning(
            f'{filename}:{line}: {category.__name__}: {message}')
        try:
            yield file
        finally:
            warnings.showwarning = show
            logger.handlers[:] = before
            MMLogger._instance_dict.pop(name, None)
