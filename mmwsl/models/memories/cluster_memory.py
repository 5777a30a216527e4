"""Features, labels and centroids of all images of a training set, kept up to date batch by batch (ODC)."""

import torch
from mmengine.model import BaseModule

from mmwsl.clustering import add_rows, blocks, kmeans
from mmwsl.dist import all_gather, from_first_rank
from mmwsl.ops.tensors import normalize
from mmwsl.registry import MEMORIES


@MEMORIES.register_module()
class ClusterMemory(BaseModule):
    """Samples and centroids memory of ODC (Zhan et al. 2020, section 3.2), whole on every rank.

    Buffers: ``features`` (N, D) unit rows, ``labels`` (N,), ``centroids`` (k, D) means of their members, which are not
    unit rows, and ``counts`` (k,) of members.

    Args:
        num_images, num_clusters, channels: N, k and D.
        momentum: weight of the old feature in the average.
        min_cluster: clusters with fewer images are dissolved.

    Raises:
        ValueError: fewer than ``min_cluster`` images per cluster on average.
    """

    def __init__(self, num_images, num_clusters, channels, momentum=0.5, min_cluster=20):
        super().__init__()
        if num_clusters * max(min_cluster, 1) > num_images:
            raise ValueError(f'{num_clusters} clusters of at least {min_cluster} images need more images than the '
                             f'{num_images} of num_images; choose fewer clusters or a smaller min_cluster')
        self.momentum, self.min_cluster = momentum, min_cluster
        self.register_buffer('features', torch.zeros(num_images, channels))
        self.register_buffer('labels', torch.full((num_images,), -1))
        self.register_buffer('centroids', torch.zeros(num_clusters, channels))
        self.register_buffer('counts', torch.zeros(num_clusters, dtype=torch.long))

    @torch.no_grad()
    def fill(self, features, labels, seed):
        """Initialise from unit features (N, D) and their cluster labels (N,); no cluster is left empty."""
        self.features.copy_(features)
        self.labels.copy_(labels)
        self.counts.copy_(torch.bincount(labels, minlength=len(self.counts)))
        self._recompute_centroids()
        return self.refresh(seed)

    @torch.no_grad()
    def update(self, indices, features):
        """Average a batch into the memory and relabel its images by the nearest centroid.

        Args:
            indices: (B,) int64 which images; an image that comes twice counts with its first feature.
            features: (B, D) of this rank.

        Returns:
            scalar tensor: share of the global batch's labels that changed.
        """
        merged = torch.lerp(normalize(features).to(self.features.dtype), self.features[indices], self.momentum)
        merged = normalize(merged)  # (B, D)
        labels = self._nearest(merged)
        indices, merged, labels = all_gather(indices), all_gather(merged), all_gather(labels)
        first = (indices[:, None] == indices).byte().argmax(1)  # row of each image's first appearance
        merged, labels = merged[first], labels[first]  # what is written twice is the same twice
        counted = (first == torch.arange(len(first), device=first.device)).long()
        before = self.labels[indices]
        self.counts.index_add_(0, before, -counted).index_add_(0, labels, counted)
        self.features[indices] = merged
        self.labels[indices] = labels
        return ((before != labels) * counted).sum() / counted.sum()

    @torch.no_grad()
    def refresh(self, seed):
        """Dissolve small clusters, split the largest in their place, and recompute all centroids.

        The members of a cluster with fewer than ``min_cluster`` images go to the nearest of the other clusters; the
        cluster then takes over one half, found by 2-means, of what is the largest cluster by then.

        Args:
            seed: the same on all ranks.

        Returns:
            int: number of clusters that were dissolved.
        """
        small = (self.counts < self.min_cluster).nonzero().flatten()  # waits for the device
        if len(small):
            self._dissolve(small)
            for cluster in small.tolist():
                self._split_largest(cluster, seed + cluster)
        self._recompute_centroids()
        for state in (self.labels, self.counts, self.centroids):  # ranks on unlike devices may round differently
            from_first_rank(state)
        return len(small)

    def _nearest(self, rows, without=None):
        with torch.autocast(rows.device.type, enabled=False):
            similarity = rows @ self.centroids.T
        if without is not None:
            similarity[:, without] = float('-inf')
        return similarity.argmax(1)

    def _dissolve(self, small):
        members = torch.isin(self.labels, small).nonzero().flatten()
        if len(members):
            self.labels[members] = torch.cat([self._nearest(self.features[part], without=small)
                                              for part in blocks(members, len(self.counts))])
        self.counts.copy_(torch.bincount(self.labels, minlength=len(self.counts)))

    def _split_largest(self, cluster, seed):
        largest = int(self.counts.argmax())
        members = (self.labels == largest).nonzero().flatten()
        half = kmeans(self.features[members], 2, seed=seed, distributed=False).assignments
        if half.sum() in (0, len(members)):  # all the same: at random
            half = torch.randperm(len(members), generator=torch.Generator().manual_seed(seed)).to(half.device) % 2
        self.labels[members] = torch.where(half == 1, cluster, largest)
        for part, number in enumerate((largest, cluster)):
            self.counts[number] = (half == part).sum()
            self.centroids[number] = self.features[members[half == part]].mean(0)

    def _recompute_centroids(self):
        sums = add_rows(torch.zeros_like(self.centroids), self.labels, self.features)
        self.centroids.copy_(torch.where(self.counts[:, None] > 0, sums / self.counts[:, None], self.centroids))
