from .accuracy import topk_accuracy
from .average_precision import average_precision, mean_average_precision

__all__ = ['average_precision', 'mean_average_precision', 'topk_accuracy']
