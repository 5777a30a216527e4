from .accuracy import topk_accuracy
from .average_precision import average_precision, mean_average_precision
from .embedding import embedding_std

__all__ = ['average_precision', 'embedding_std', 'mean_average_precision', 'topk_accuracy']
