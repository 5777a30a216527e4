"""DeepCluster: Deep Clustering for Unsupervised Learning of Visual Features (Caron et al. 2018)."""

import torch

from mmwsl.augment import Sobel
from mmwsl.clustering import check_engine, kmeans, normalized_mutual_information, replace_non_finite, whiten
from mmwsl.dist import all_mean, assemble
from mmwsl.losses import cluster_weights, reweighted_cross_entropy
from mmwsl.models.base import Model
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import accuracy, embedding_std, keep_format, normalize
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class DeepCluster(Model):
    """Alternate k-means on the features and classification of its cluster labels.

    It needs a :class:`ClusteringHook`, which brings the features of all images before an epoch, a
    :class:`PseudoLabelSampler` (or ``reweight``), and an optimiser that keeps no momentum for the head, because the
    head starts anew with each clustering.

    Args:
        backbone: encoder; with ``sobel`` of two input channels.
        head: :class:`ClassificationHead`; its classes are the k clusters.
        num_images: N, images of the training set.
        sobel: let the backbone see the image's gradients in place of its colours.
        pca_dims: whitened principal components that are clustered; None = the features themselves.
        kmeans: settings of :func:`mmwsl.clustering.kmeans`.
        reweight: weigh the loss by the inverse square root of the cluster's size; for a sampler that does not make the
            clusters equally frequent.

    Raises:
        ValueError: k above N, or more components than features.
        ImportError: faiss was asked for and is not installed.
    """

    sized_by_images = ('labels', 'counts', 'head.')

    def __init__(self, backbone, head, num_images, sobel=False, pca_dims=256, kmeans=None, reweight=False, **kwargs):
        super().__init__(backbone, **kwargs)
        self.head = self.make(head)
        self.num_images, self.pca_dims, self.reweight = num_images, pca_dims, reweight
        self.num_clusters = self.head.classifier.out_features
        self.prefilter = Sobel() if sobel else None
        self.sees_rgb = not sobel
        self.kmeans = dict(kmeans or {})
        check_engine(self.kmeans.get('engine', 'torch'))
        if self.num_clusters > num_images:
            raise ValueError(f'DeepCluster: {self.num_clusters} clusters (head.num_classes) of {num_images} images '
                             '(num_images) are impossible; choose fewer')
        width = self.head.classifier.in_features
        if pca_dims and pca_dims > width:
            raise ValueError(f'DeepCluster: pca_dims={pca_dims} of {width} features are impossible; choose fewer')
        self.register_buffer('labels', torch.full((num_images,), -1))
        self.register_buffer('counts', torch.zeros(self.num_clusters, dtype=torch.long))
        self._labeled = False  # not state: whether the labels have been looked at

    def _filtered(self, images):
        return images if self.prefilter is None else keep_format(self.prefilter(images), images)

    def features(self, images):
        return super().features(self._filtered(images))

    def cluster_features(self, images):
        """Features to cluster, (B, C), of normalised images."""
        return pool(self.backbone(self._filtered(images))).float()

    @torch.no_grad()
    def cluster(self, features, indices, seed):
        """Relabel all images by k-means and reset the head.

        Args:
            features: (n, C) of this rank's images, see :meth:`cluster_features`.
            indices: (n,) int64 which images those are; all ranks together have each once.
            seed: of k-means and of the head; the same on all ranks.

        Returns:
            dict: ``clusters`` that are not empty, ``objective`` per image, ``nmi`` with the labels before (from the
            second time on).
        """
        features = replace_non_finite(features)
        if self.pca_dims:
            features = whiten(features, self.pca_dims)
        found = kmeans(normalize(features), self.num_clusters, seed=seed, **self.kmeans)
        labels = assemble(found.assignments, indices, self.num_images)
        facts = dict(clusters=int((found.counts > 0).sum()), objective=found.objective / self.num_images)
        if self.labels[0] >= 0:
            facts['nmi'] = normalized_mutual_information(self.labels, labels)
        self.labels.copy_(labels)
        self.counts.copy_(found.counts)
        weight = self.head.classifier.weight
        weight.copy_(0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed)))
        self.head.classifier.bias.zero_()
        return facts

    def loss(self, views, data_samples):
        if not self._labeled:  # once per process
            if self.labels[0] < 0:
                raise RuntimeError("DeepCluster has no labels yet: add dict(type='ClusteringHook') to custom_hooks")
            self._labeled = True
        labels = self.labels[data_samples.index]  # (B,)
        feature = pool(self.backbone(self._filtered(views[0])))  # (B, C)
        scores = self.head(feature)  # (B, k)
        weights = cluster_weights(self.counts, eps=1e-10) if self.reweight else None
        return dict(loss=reweighted_cross_entropy(scores, labels, weights, all_mean),
                    accuracy=accuracy(scores, labels),
                    embedding_std=embedding_std(feature))
