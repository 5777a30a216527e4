"""Multiple-instance learning: bags of instances with one label."""

from .attention_mil import AttentionPooling, BagClassifier, BagEncoder, BagPooling, BagPreprocessor

__all__ = ['AttentionPooling', 'BagClassifier', 'BagEncoder', 'BagPooling', 'BagPreprocessor']
