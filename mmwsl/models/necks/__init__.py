from .dense import DenseNeck
from .mlp import AveragePoolNeck, MLPNeck, pool

__all__ = ['AveragePoolNeck', 'DenseNeck', 'MLPNeck', 'pool']
