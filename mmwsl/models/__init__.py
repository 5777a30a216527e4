"""Networks and methods; importing this package fills the MODELS registry."""

from . import (  # noqa: F401
    backbones,
    classifiers,
    detectors,
    heads,
    memories,
    necks,
    preprocessor,
    pretext,
    segmentors,
    utils,
    weak,
)
