"""MoCo v1 (He et al. 2020) and v2 (Chen et al. 2020): momentum contrast.

The two differ in data: v2 has the MLP neck, blur in the views, T = 0.2 and the cosine schedule.
"""

import torch

from mmwsl.dist import all_gather
from mmwsl.losses import info_nce
from mmwsl.models.base import TeacherModel
from mmwsl.models.layers.shuffle import shuffle_batch, unshuffle
from mmwsl.models.layers.teacher import Teacher
from mmwsl.ops.tensors import embedding_std, normalize
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class MoCo(TeacherModel):
    """Match a query to its image's key against a queue of past keys.

    Plain BN would let the query recognise the batch its key was normalised with. Keys are therefore encoded in a
    shuffled order, over ranks and within the device, which works where BN sees less than the global batch: several
    ranks with plain BN, or ``norm_cfg=dict(type='SplitBN')`` on one device.

    Args:
        backbone, neck: query encoder; the key encoder is a copy.
        queue: :class:`FeatureQueue`.
        temperature: T (0.07 in v1, 0.2 in v2).
        momentum, end_momentum: m of the key encoder (0.999), on a cosine if an end is given.
        symmetric: let each view be the query once (a batch then enqueues twice its keys).
    """

    def __init__(self, backbone, neck, queue, temperature=0.2, momentum=0.999, end_momentum=None, symmetric=False,
                 **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck, self.queue = self.make(neck), self.make(queue)
        self.temperature, self.symmetric = temperature, symmetric
        self.teacher = Teacher(self.backbone, self.neck, momentum=momentum, end_momentum=end_momentum)

    @torch.no_grad()
    def keys(self, images):
        """Unit keys (B, D) of ``images``, encoded in shuffled batches by the momentum encoder."""
        shuffled, order = shuffle_batch(images)
        return unshuffle(normalize(self.teacher(shuffled)), order)

    def contrast(self, query_view, key_view):
        """One direction: (loss, unit queries, unit keys)."""
        q = normalize(self.neck(self.backbone(query_view)))  # (B, D)
        # The key encoder already holds this step's average: it moved right after the last optimiser step, and
        # nothing changed the query encoder since.
        k = self.keys(key_view)
        return info_nce(q, k, self.queue.features.clone(), self.temperature), q, k

    def loss(self, views, data_samples=None):
        first, second = views
        loss, q, k = self.contrast(first, second)
        keys = all_gather(k)
        if self.symmetric:
            other_loss, _, other_k = self.contrast(second, first)
            loss, keys = (loss + other_loss) / 2, torch.cat([keys, all_gather(other_k)])
        self.queue.enqueue(keys)  # after the logits: the batch meets the old queue
        return dict(loss=loss, embedding_std=embedding_std(q))
