"""Networks and methods; importing this package fills the MODELS registry."""

from . import backbones, detectors, heads, losses, memories, necks, preprocessor, pretext, segmentors, utils  # noqa: F401
