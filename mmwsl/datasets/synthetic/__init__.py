"""Data sets made on the fly, with their truth: nothing to download."""

from .action_figures import ActionFigures
from .digit_bags import DigitBags
from .digit_scenes import DigitScenes
from .digits import Digits
from .factor_scenes import FactorScenes
from .figures_3d import MultiViewFigures
from .identities import Identities
from .motion_clips import MotionClips
from .scene_bags import SceneBags
from .sequences import SyntheticSequences
from .shapes import Shapes

__all__ = ['ActionFigures', 'DigitBags', 'DigitScenes', 'Digits', 'FactorScenes', 'Identities', 'MotionClips',
           'MultiViewFigures', 'SceneBags', 'Shapes', 'SyntheticSequences']
