"""Networks and methods; importing this package fills the MODELS registry."""

from . import (  # noqa: F401
    backbones,
    generative,
    graph,
    heads,
    layers,
    memories,
    necks,
    pose,
    preprocessors,
    pretext,
    pretrained,
    scenes,
    supervised,
    weak,
)
