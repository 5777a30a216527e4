from .detection import COCOMetric, VOCMetric

__all__ = ['COCOMetric', 'VOCMetric']
