"""Checkpoints: read without running code, written plain, and those of other projects under our names."""

from .convert import convert, read_backbone
from .names import find_backbone, our_names, their_names
from .pretrained import find_pretrained, installed_pretrained
from .read import read_checkpoint, read_meta
from .state import check_backbone, from_plain, load_state, to_plain, without_other_classifier

__all__ = [
    'check_backbone',
    'convert',
    'find_backbone',
    'find_pretrained',
    'from_plain',
    'installed_pretrained',
    'load_state',
    'our_names',
    'read_backbone',
    'read_checkpoint',
    'read_meta',
    'their_names',
    'to_plain',
    'without_other_classifier',
]
