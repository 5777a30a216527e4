import torch

from mmwsl.protocols import Protocol, check_features
from mmwsl.protocols.features import describe
from mmwsl.registry import PROTOCOLS


@PROTOCOLS.register_module(name='nearest_centroid')
class NearestCentroid(Protocol):
    """Accuracy of giving each test image the class whose mean feature is nearest."""

    def run(self, source):
        train, test = source.features()
        check_features(train, test, 'nearest_centroid')
        centroids = torch.stack([train.features[train.labels == c].mean(0) for c in range(len(train.classes))])
        predicted = torch.cdist(test.features, centroids).argmin(1)
        accuracy = (predicted == test.labels).float().mean().item() * 100
        return [dict(metric='top1', value=accuracy, settings=describe(train, test))]
