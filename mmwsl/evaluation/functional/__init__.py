"""Metrics as pure functions: arrays in, numbers out."""

from .accuracy import mean_class_accuracy, topk_accuracy, true_class_rank
from .average_precision import average_precision, mean_average_precision
from .detection import detection_average_precision, match_detections
from .segmentation import confusion, intersection_over_union

__all__ = ['average_precision', 'confusion', 'detection_average_precision', 'intersection_over_union',
           'match_detections', 'mean_average_precision', 'mean_class_accuracy', 'topk_accuracy', 'true_class_rank']
