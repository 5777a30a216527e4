"""Memories: what a method keeps of earlier batches (queues, banks, centroids), all of it buffers."""

from .cluster_memory import ClusterMemory
from .feature_bank import FeatureBank
from .queue import FeatureQueue

__all__ = ['ClusterMemory', 'FeatureBank', 'FeatureQueue']
