from .data_sample import SUPERVISION_LEVELS, DataSample, stack_samples, strip_labels

__all__ = ['SUPERVISION_LEVELS', 'DataSample', 'stack_samples', 'strip_labels']
