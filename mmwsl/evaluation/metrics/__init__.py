"""Metrics as configs name them: mmengine's shells of the pure functions, registered in METRICS."""

from .bags import BagMetric
from .classification import AccuracyMetric, MultiLabelMetric
from .correct_localization import CorLocMetric
from .detection import COCOMetric, VOCMetric
from .instances import InstanceMetric
from .localization import LocalizationMetric
from .proposals import ProposalRecallMetric
from .segmentation import IoUMetric
from .temporal import TemporalMetric

__all__ = ['AccuracyMetric', 'BagMetric', 'COCOMetric', 'CorLocMetric', 'InstanceMetric', 'IoUMetric',
           'LocalizationMetric', 'MultiLabelMetric', 'ProposalRecallMetric', 'TemporalMetric', 'VOCMetric']
