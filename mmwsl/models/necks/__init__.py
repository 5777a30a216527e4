from .mlp import AveragePoolNeck, MLPNeck, pool

__all__ = ['AveragePoolNeck', 'MLPNeck', 'pool']
