"""Metrics as configs name them: mmengine's shells of the pure functions, registered in METRICS."""

from .bags import BagMetric
from .class_maps import ClassMapIoUMetric
from .classification import AccuracyMetric, MultiLabelMetric
from .correct_localization import CorLocMetric
from .detection import COCOMetric, VOCMetric
from .flow import FlowMetric
from .generation import GenerationMetric
from .instances import InstanceMetric
from .localization import LocalizationMetric
from .map_objects import MapObjectsMetric
from .proposals import ProposalRecallMetric
from .scenes import ContentMetric, SceneMetric
from .segmentation import IoUMetric
from .selection import SelectionMetric
from .temporal import TemporalMetric

__all__ = ['AccuracyMetric', 'BagMetric', 'COCOMetric', 'ClassMapIoUMetric', 'ContentMetric', 'CorLocMetric',
           'FlowMetric', 'GenerationMetric', 'InstanceMetric', 'IoUMetric', 'LocalizationMetric',
           'MapObjectsMetric', 'MultiLabelMetric', 'ProposalRecallMetric', 'SceneMetric', 'SelectionMetric',
           'TemporalMetric', 'VOCMetric']
