"""Networks and methods; importing this package fills the MODELS registry."""

from . import backbones, heads, layers, memories, necks, preprocessors, pretext, supervised, weak  # noqa: F401
