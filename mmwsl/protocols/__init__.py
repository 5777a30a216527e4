from .features import Features, check_features, extract_features
from .knn import KNN, knn_predict
from .linear import Linear, train_linear
from .svm import SVM, fit_svm

__all__ = [
    'KNN', 'SVM', 'Features', 'Linear', 'check_features', 'extract_features', 'fit_svm', 'knn_predict', 'train_linear'
]
