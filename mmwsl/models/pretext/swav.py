"""SwAV: Unsupervised Learning of Visual Features by Contrasting Cluster Assignments (Caron et al. 2020)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.clustering.sinkhorn import sinkhorn
from mmwsl.dist import all_gather, rank, world_size
from mmwsl.models.base import Model
from mmwsl.models.layers.multicrop import encode_by_size
from mmwsl.models.necks.mlp import pool
from mmwsl.ops.tensors import embedding_std, normalize
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class SwAV(Model):
    """Swapped prediction: predict the Sinkhorn cluster assignment of another view of the image.

    Args:
        backbone, neck: encoder; the neck's ``out_channels`` is the width D of the prototypes.
        num_prototypes: K clusters.
        temperature: T of the predictions.
        epsilon, iterations: of :func:`sinkhorn`.
        assigned_views: the first so many views (the large crops) are assigned to clusters; all views predict.
        queue_length: past embeddings of each assigned view, of all ranks together, that are assigned along with the
            batch; 0 for none. At least the global batch.
        queue_start: share of training in [0, 1] from which the queue is filled; it counts once it is full.

    Raises:
        ValueError: a setting out of range; fewer views than ``assigned_views``, or only one; a queue shorter than a
            batch.
    """

    def __init__(self, backbone, neck, num_prototypes=3000, temperature=0.1, epsilon=0.05, iterations=3,
                 assigned_views=2, queue_length=0, queue_start=0.0, **kwargs):
        super().__init__(backbone, **kwargs)
        if assigned_views < 1 or queue_length < 0 or not 0 <= queue_start <= 1:
            raise ValueError(f'SwAV: assigned_views={assigned_views}, queue_length={queue_length}, queue_start='
                             f'{queue_start} is impossible; they must be >= 1, >= 0 and a share of training in [0, 1]')
        self.neck = self.make(neck)
        self.prototypes = nn.Linear(self.neck.out_channels, num_prototypes, bias=False)
        self.temperature, self.epsilon, self.iterations = temperature, epsilon, iterations
        self.assigned_views, self.queue_length, self.queue_start = assigned_views, queue_length, queue_start
        if queue_length:
            self.register_buffer('queue', torch.zeros(assigned_views, queue_length, self.neck.out_channels))
            self.register_buffer('queue_open', torch.tensor(queue_start == 0))

    @torch.no_grad()
    def after_optimizer_step(self, progress):
        """Open the queue when ``progress`` in [0, 1] has come to ``queue_start``."""
        if self.queue_length:
            self.queue_open.fill_(progress >= self.queue_start)

    @torch.no_grad()
    def queued_scores(self, view, z):
        """Scores (L / W, K) of this rank's share of the queue, -inf unless full; then enqueue ``z`` (B, D).

        No branch hangs on the state, which would have to be fetched from the device.
        """
        queue, keys = self.queue[view], all_gather(z)
        if len(keys) > len(queue):
            raise ValueError(f'SwAV: {len(keys)} embeddings do not fit a queue of {len(queue)} rows; make queue_length '
                             'larger than the global batch')
        full = queue[-1].any()
        scores = F.linear(queue.tensor_split(world_size())[rank()], self.prototypes.weight)
        later = torch.cat([keys.to(queue.dtype), queue])[:len(queue)]
        self.queue[view] = torch.where(self.queue_open, later, queue)
        return scores.masked_fill(~full, float('-inf'))

    def loss(self, views, data_samples=None):
        count, batch = len(views), len(views[0])
        if count < max(2, self.assigned_views):
            raise ValueError(f'SwAV assigns {self.assigned_views} views and predicts them from others, but got '
                             f'{count}; see data_preprocessor.views')
        with torch.no_grad():
            self.prototypes.weight.copy_(normalize(self.prototypes.weight))
        z = normalize(self.neck(encode_by_size(lambda images: pool(self.backbone(images)), views)))  # (V B, D)
        with torch.autocast(z.device.type, enabled=False):
            scores = F.linear(z, self.prototypes.weight)  # (V B, K) cosines
            z, assigned = z.detach(), scores.detach().split(batch)
            log_p = F.log_softmax(scores / self.temperature, dim=1).view(count, batch, -1)
            loss = 0
            for view in range(self.assigned_views):
                everything = assigned[view]
                if self.queue_length:
                    everything = torch.cat([self.queued_scores(view, z.split(batch)[view]), everything])
                q = sinkhorn(everything, self.epsilon, self.iterations, distributed=True)[-batch:]  # (B, K)
                others = log_p.sum(0) - log_p[view]  # the cross-entropy is linear: sum first, over views v != i
                loss = loss - (q * others).sum(1).mean() / (count - 1)
        return dict(loss=loss / self.assigned_views, embedding_std=embedding_std(z[:batch]))
