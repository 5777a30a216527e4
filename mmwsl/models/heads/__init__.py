from .classification import ClassificationHead

__all__ = ['ClassificationHead']
