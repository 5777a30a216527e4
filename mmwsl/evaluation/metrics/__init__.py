from .bags import BagMetric
from .classification import AccuracyMetric
from .detection import COCOMetric, VOCMetric
from .localization import LocalizationMetric
from .segmentation import IoUMetric

__all__ = ['AccuracyMetric', 'BagMetric', 'COCOMetric', 'IoUMetric', 'LocalizationMetric', 'VOCMetric']
