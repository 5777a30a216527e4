"""Networks and methods; importing this package fills the MODELS registry."""

from . import (  # noqa: F401
    backbones,
    classifiers,
    detectors,
    heads,
    losses,
    memories,
    necks,
    preprocessor,
    pretext,
    segmentors,
    utils,
    weak,
)
