from .detection import COCOMetric, VOCMetric
from .segmentation import IoUMetric

__all__ = ['COCOMetric', 'IoUMetric', 'VOCMetric']
