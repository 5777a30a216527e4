"""DenseCL: Dense Contrastive Learning for Self-Supervised Visual Pre-Training (Wang et al. 2021)."""

import torch

from mmwsl.dist import all_gather
from mmwsl.losses import correspondence, info_nce
from mmwsl.models.base import TeacherModel
from mmwsl.models.layers.shuffle import shuffle_batch, unshuffle
from mmwsl.models.layers.teacher import Teacher
from mmwsl.ops.tensors import embedding_std, normalize
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class DenseCL(TeacherModel):
    """MoCo v2 plus a dense contrastive loss between corresponding positions of the two views.

    Keys are encoded in shuffled order, which matters where BN sees less than the global batch: several ranks with
    plain BN, or ``norm_cfg=dict(type='SplitBN')`` on one device.

    Args:
        backbone, neck: query encoder, whose neck returns an image's vector and a vector of each position
            (:class:`DenseNeck`); the key encoder is a copy of both.
        queue, dense_queue: :class:`FeatureQueue` of image keys and of mean position keys.
        dense_weight: lambda in [0, 1]; the image loss has 1 - lambda.
        temperature: T of both losses.
        momentum, end_momentum: m of the key encoder (0.999), on a cosine if an end is given.
    """

    def __init__(self, backbone, neck, queue, dense_queue, dense_weight=0.5, temperature=0.2, momentum=0.999,
                 end_momentum=None, **kwargs):
        super().__init__(backbone, **kwargs)
        if not 0 <= dense_weight <= 1:
            raise ValueError(f'DenseCL dense_weight={dense_weight}: it is the share of the dense loss, in [0, 1]')
        self.neck, self.queue, self.dense_queue = self.make(neck), self.make(queue), self.make(dense_queue)
        self.dense_weight, self.temperature = dense_weight, temperature
        self.teacher = Teacher(self.backbone, self.neck, momentum=momentum, end_momentum=end_momentum)

    @torch.no_grad()
    def keys(self, images):
        """Unit keys of the momentum encoder: (B, D), dense (B, D, S), mean dense (B, D); and features (B, C, S)."""
        backbone, neck = self.teacher.chain
        shuffled, order = shuffle_batch(images)
        features = backbone(shuffled)[-1]
        vector, dense = neck(features)
        found = normalize(vector), normalize(dense), normalize(dense.mean(2)), features.flatten(2)
        return [unshuffle(each, order) for each in found]  # all four: they belong to the same images

    def loss(self, views, data_samples=None):
        first, second = views
        features = self.backbone(first)[-1]  # (B, C, H, W), S = H W positions
        vector, dense = self.neck(features)
        q, dense_q = normalize(vector), normalize(dense)  # (B, D), (B, D, S)
        k, dense_k, mean_k, key_features = self.keys(second)
        match = correspondence(features.flatten(2), key_features)  # (B, S): positions in the second view
        matched_k = dense_k.gather(2, match[:, None].expand_as(dense_q))  # (B, D, S)
        dense_pair = [each.transpose(1, 2).flatten(0, 1) for each in (dense_q, matched_k)]  # (B S, D) each
        loss = info_nce(q, k, self.queue.features.clone(), self.temperature)
        dense_loss = info_nce(*dense_pair, self.dense_queue.features.clone(), self.temperature)
        self.queue.enqueue(all_gather(k))  # after the logits: the batch meets the old queues
        self.dense_queue.enqueue(all_gather(mean_k))
        return dict(loss_global=(1 - self.dense_weight) * loss, loss_dense=self.dense_weight * dense_loss,
                    embedding_std=embedding_std(q), dense_embedding_std=embedding_std(dense_pair[0]))
