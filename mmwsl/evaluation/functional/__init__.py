from .accuracy import topk_accuracy
from .average_precision import average_precision, mean_average_precision
from .detection import detection_average_precision, match_detections

__all__ = ['average_precision', 'detection_average_precision', 'match_detections', 'mean_average_precision',
           'topk_accuracy']
