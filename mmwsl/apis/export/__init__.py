"""A checkpoint exported: in the form that a public library loads directly, or as ONNX, checked after it was written."""

from .run import export

__all__ = ['export']
