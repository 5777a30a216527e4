"""DataSample: labels and predictions of every kind, of one item or of a batch, in one type."""

from .data_sample import SUPERVISION_LEVELS, DataSample, add_predictions, split_samples, stack_samples, strip_labels

__all__ = ['SUPERVISION_LEVELS', 'DataSample', 'add_predictions', 'split_samples', 'stack_samples', 'strip_labels']
