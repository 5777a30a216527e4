from .clustering import Cluster, clustering_accuracy
from .features import Features, check_features, extract_features
from .knn import KNN, knn_predict
from .linear import Linear, train_linear
from .logistic import Logistic, fit_logistic
from .low_shot import LowShotSVM, draw_shots
from .svm import SVM, fit_svm
from .training import Training

__all__ = [
    'KNN', 'SVM', 'Cluster', 'Features', 'Linear', 'Logistic', 'LowShotSVM', 'Training', 'check_features',
    'clustering_accuracy', 'draw_shots', 'extract_features', 'fit_logistic', 'fit_svm', 'knn_predict', 'train_linear'
]
