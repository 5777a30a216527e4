"""Ways to evaluate a checkpoint, by frozen features or by what is trained from it; registered in PROTOCOLS."""

from .action_probe import ActionProbe
from .base import Protocol, Source, as_protocol
from .clustering import Cluster, clustering_accuracy
from .features import Features, FeatureSource, check_features, extract_features
from .fine_tune import FineTuneProtocol
from .knn import KNN, knn_predict
from .linear import Linear, train_linear
from .logistic import Logistic, fit_logistic
from .low_shot import LowShotSVM, draw_shots
from .retrieval import Retrieval
from .svm import SVM, fit_svm

__all__ = [
    'KNN', 'SVM', 'ActionProbe', 'Cluster', 'FeatureSource', 'Features', 'FineTuneProtocol', 'Linear', 'Logistic',
    'LowShotSVM', 'Protocol', 'Retrieval', 'Source', 'as_protocol', 'check_features', 'clustering_accuracy',
    'draw_shots', 'extract_features', 'fit_logistic', 'fit_svm', 'knn_predict', 'train_linear'
]


def __getattr__(name):
    if name == 'Training':  # an old name, for one release
        from .training import Training
        return Training
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
