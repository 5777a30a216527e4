from .cluster_memory import ClusterMemory
from .feature_bank import FeatureBank
from .queue import FeatureQueue

__all__ = ['ClusterMemory', 'FeatureBank', 'FeatureQueue']
