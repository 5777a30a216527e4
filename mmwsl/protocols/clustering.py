"""Clustering protocol: k-means on frozen features, scored against the classes."""

import numpy as np
import torch
import torch.nn.functional as F

from mmwsl.clustering import assign, kmeans
from mmwsl.compat import renamed_arguments
from mmwsl.evaluation.functional import average_precision
from mmwsl.protocols.base import Protocol
from mmwsl.protocols.features import check_features, describe
from mmwsl.registry import PROTOCOLS


def clustering_accuracy(clusters, labels):
    """Clustering accuracy under the best one-to-one assignment of clusters to classes.

    The assignment is the optimal one (Hungarian algorithm); where there are more clusters than classes, the images of
    the clusters left over are wrong.

    Args:
        clusters, labels: (N,) non-negative integers.
    """
    from scipy.optimize import linear_sum_assignment  # here, because every command would wait for them
    from sklearn.metrics import confusion_matrix

    table = confusion_matrix(labels, clusters)  # (n, n) over all numbers that occur in either
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns].sum() / len(labels)


def clustering_precision(closeness, tags):
    """Mean average precision of tags under the best one-to-one assignment of clusters to classes.

    As in :func:`clustering_accuracy` the truth chooses the assignment. An image is ranked for a class by how close it
    is to the center of that class's cluster; a class that is left without a cluster has 0.

    Args:
        closeness: (N, k), how close each image is to each center, higher is closer.
        tags: (N, C) of 1, 0 and -1 (ignored); classes without an image do not count.

    Raises:
        ValueError: no class has an image.
    """
    from scipy.optimize import linear_sum_assignment

    precision = np.array([[average_precision(scores, labels) for labels in tags.T if (labels == 1).any()]
                          for scores in closeness.T])  # (k, classes that have an image)
    if not precision.size:
        raise ValueError('no class has an image, so that no cluster can stand for one; are these the right labels?')
    rows, columns = linear_sum_assignment(precision, maximize=True)
    return precision[rows, columns].sum() / precision.shape[1]


@PROTOCOLS.register_module(name='cluster')
class Cluster(Protocol):
    """k-means on the training features, scored on the test features: ``cluster_acc``, ``cluster_nmi``, ``cluster_ari``.

    All in percent. The mutual information is divided by the geometric mean of the entropies, as DeepCluster does; with
    the arithmetic mean, as scikit-learn does, it stands in the settings. The best of several starts by its objective is
    taken; labels are used for the score alone. Where images have several tags, the only value is ``cluster_mAP``, see
    :func:`clustering_precision`.

    Args:
        k: clusters; None = as many as there are classes.
        starts: independent starts.
        iterations: most rounds of each.
        normalize: bring features to length 1 first.
        seed: of the first start; the others follow.
        device: where to compute; default the GPU if there is one.

    Raises:
        ValueError: k, starts or iterations below 1.
    """

    @renamed_arguments(normalise='normalize')
    def __init__(self, k=None, starts=10, iterations=100, normalize=True, seed=0, device=None):
        if min(starts, iterations, 1 if k is None else k) < 1:
            raise ValueError(f'k={k}, starts={starts} and iterations={iterations} must be at least 1')
        self.k, self.starts, self.iterations, self.normalize, self.seed = k, starts, iterations, normalize, seed
        self.device = device or ('cuda' if torch.cuda.is_available() else 'cpu')

    def run(self, source):
        """Cluster the training features, score on the test features; see :meth:`Protocol.run`.

        Raises:
            ValueError: more clusters than training images.
        """
        train, test = source.features()
        check_features(train, test, 'cluster', multi_label=True)
        k = self.k or len(train.classes)
        features, test_features = (part.features.to(self.device) for part in (train, test))
        if self.normalize:
            features, test_features = F.normalize(features, dim=1), F.normalize(test_features, dim=1)
        runs = [kmeans(features, k, self.iterations, seed=self.seed + start, distributed=False)
                for start in range(self.starts)]
        best = min(runs, key=lambda run: run.objective)
        clusters = assign(test_features, best.centroids)[0].cpu().numpy()
        settings = dict(describe(train, test), k=k, starts=self.starts, iterations=self.iterations, seed=self.seed,
                        normalise=self.normalize,  # spelt as in the records before
                        fitted_on='train', objective=float(best.objective), clusters_used=len(np.unique(clusters)))
        if test.labels.ndim == 2:
            closeness = -torch.cdist(test_features, best.centroids.to(test_features)).cpu().numpy()
            value = clustering_precision(closeness, test.labels.numpy())
            return [dict(metric='cluster_mAP', value=100 * float(value), settings=settings)]
        return self._of_classes(clusters, test.labels.numpy(), settings)

    @staticmethod
    def _of_classes(clusters, labels, settings):
        from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

        settings = dict(settings, nmi_arithmetic=100 * float(normalized_mutual_info_score(labels, clusters)))
        nmi = normalized_mutual_info_score(labels, clusters, average_method='geometric')
        values = dict(cluster_acc=clustering_accuracy(clusters, labels), cluster_nmi=nmi,
                      cluster_ari=adjusted_rand_score(labels, clusters))
        return [dict(metric=name, value=100 * float(value), settings=settings) for name, value in values.items()]
