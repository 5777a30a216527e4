"""Data sets made on the fly, with their truth: nothing to download."""

from .digit_bags import DigitBags, collate_bags
from .digit_scenes import DigitScenes
from .digits import Digits
from .scene_bags import SceneBags

__all__ = ['DigitBags', 'DigitScenes', 'Digits', 'SceneBags', 'collate_bags']
