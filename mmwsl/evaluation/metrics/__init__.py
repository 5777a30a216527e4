from .classification import AccuracyMetric
from .detection import COCOMetric, VOCMetric
from .segmentation import IoUMetric

__all__ = ['AccuracyMetric', 'COCOMetric', 'IoUMetric', 'VOCMetric']
