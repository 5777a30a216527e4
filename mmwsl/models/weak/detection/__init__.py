"""Weakly supervised object detection, learnt from image labels: boxes from tags."""

from .baseline import BoxBaseline
from .detector import WeakDetector, image_views, pool_proposals
from .oicr import OICRHead, assign_regions, best_regions, oicr_loss, oicr_targets
from .pcl import PCLHead, cluster_centers, graph_centers, pcl_loss, top_cluster
from .wsddn import WSDDNHead, region_scores, spatial_regularizer, tag_loss

__all__ = [
    'BoxBaseline',
    'OICRHead',
    'PCLHead',
    'WSDDNHead',
    'WeakDetector',
    'assign_regions',
    'best_regions',
    'cluster_centers',
    'graph_centers',
    'image_views',
    'oicr_loss',
    'oicr_targets',
    'pcl_loss',
    'pool_proposals',
    'region_scores',
    'spatial_regularizer',
    'tag_loss',
    'top_cluster',
]
