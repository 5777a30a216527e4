"""Networks and methods; importing this package fills the MODELS registry."""

from . import backbones, heads, losses, memories, necks, pretext, preprocessor, utils  # noqa: F401
