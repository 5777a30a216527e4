"""ODC: Online Deep Clustering for Unsupervised Representation Learning (Zhan et al. 2020)."""

import torch
import torch.nn as nn
from mmengine.model import BaseModule

from mmwsl.clustering import check_engine, kmeans, replace_non_finite
from mmwsl.dist import all_mean, assemble
from mmwsl.losses import cluster_weights, reweighted_cross_entropy
from mmwsl.models.base import Model
from mmwsl.models.layers.norm import build_norm
from mmwsl.models.memories.cluster_memory import ClusterMemory
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import accuracy, embedding_std, normalize
from mmwsl.registry import NECKS, PRETEXTS


@NECKS.register_module()
class ODCNeck(BaseModule):
    """Pooling, linear, BN without affine, ReLU, dropout, linear, ReLU: (B, C, H, W) -> (B, out_channels).

    Args:
        in_channels, hidden_channels, out_channels: widths.
        dropout: probability that a hidden value is dropped.
        norm_cfg: the norm; its running statistics move slowly.
    """

    def __init__(self, in_channels, hidden_channels=512, out_channels=256, dropout=0.5,
                 norm_cfg=dict(type='BN', momentum=0.001), init_cfg=None):  # noqa: B006
        super().__init__(init_cfg)
        self.layers = nn.Sequential(
            nn.Linear(in_channels, hidden_channels, bias=False),
            build_norm(dict(norm_cfg, affine=False), hidden_channels, dims=0), nn.ReLU(inplace=True),
            nn.Dropout(dropout), nn.Linear(hidden_channels, out_channels), nn.ReLU())
        self.out_channels = out_channels

    def forward(self, x):
        return self.layers(pool(x))


@PRETEXTS.register_module()
class ODC(Model):
    """Classify pseudo-labels that a memory updates in every step, without a clustering between epochs.

    It needs a ``ClusteringHook(every=None, refresh_interval=10)``: one clustering at the start, and thereafter small
    clusters dissolved and centroids recomputed every ten iterations.

    Args:
        backbone: encoder.
        neck: :class:`ODCNeck`; its output is what is clustered.
        head: :class:`ClassificationHead`; its classes are the k clusters.
        num_images: N, images of the training set.
        momentum, min_cluster: of :class:`ClusterMemory`.
        kmeans: settings of :func:`mmwsl.clustering.kmeans` for the clustering at the start.

    Raises:
        ValueError: k times ``min_cluster`` above N.
        ImportError: faiss was asked for and is not installed.
    """

    sized_by_images = ('memory.', 'head.')

    def __init__(self, backbone, neck, head, num_images, momentum=0.5, min_cluster=20, kmeans=None, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck, self.head = self.make(neck), self.make(head)
        self.num_images, self.num_clusters = num_images, self.head.classifier.out_features
        self.kmeans = dict(kmeans or {})
        check_engine(self.kmeans.get('engine', 'torch'))
        self.memory = ClusterMemory(num_images, self.num_clusters, self.neck.out_channels, momentum, min_cluster)
        self._labeled = False  # not state: whether the labels have been looked at

    def cluster_features(self, images):
        """Features to cluster, (B, D), of normalised images."""
        return self.neck(self.backbone(images)).float()

    @torch.no_grad()
    def cluster(self, features, indices, seed):
        """Fill the memory: k-means of the unit rows, no cluster left empty.

        Args:
            features: (n, D) of this rank's images, see :meth:`cluster_features`.
            indices: (n,) int64 which images those are; all ranks together have each once.
            seed: the same on all ranks.

        Returns:
            dict: ``clusters`` that are not empty, ``objective`` per image, number of ``dissolved`` clusters.
        """
        features = normalize(replace_non_finite(features))
        found = kmeans(features, self.num_clusters, seed=seed, **self.kmeans)
        dissolved = self.memory.fill(assemble(features, indices, self.num_images),
                                     assemble(found.assignments, indices, self.num_images), seed)
        return dict(clusters=int((self.memory.counts > 0).sum()), objective=found.objective / self.num_images,
                    dissolved=dissolved)

    def refresh_clusters(self, seed):
        """See :meth:`ClusterMemory.refresh`; the hook calls it every few iterations."""
        self.memory.refresh(seed)

    def loss(self, views, data_samples):
        if not self._labeled:  # once per process
            if self.memory.labels[0] < 0:
                raise RuntimeError("ODC has no labels yet: add dict(type='ClusteringHook', every=None, "
                                   'refresh_interval=10) to custom_hooks')
            self._labeled = True
        index = data_samples.index  # (B,)
        labels = self.memory.labels[index]
        feature = self.neck(self.backbone(views[0]))  # (B, D)
        scores = self.head(feature)  # (B, k)
        loss = reweighted_cross_entropy(scores, labels, cluster_weights(self.memory.counts), all_mean)
        changed = self.memory.update(index, feature.detach())  # after the loss: it learns the labels that were
        sizes = self.memory.counts.float()
        return dict(loss=loss, label_change=changed * 100,
                    accuracy=accuracy(scores, labels),
                    smallest_cluster=sizes.min(), largest_cluster=sizes.max(),
                    embedding_std=embedding_std(feature))
