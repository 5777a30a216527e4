"""MoCo v3: An Empirical Study of Training Self-Supervised Vision Transformers (Chen et al. 2021)."""

from mmwsl.dist import all_gather, rank
from mmwsl.losses import in_batch_info_nce
from mmwsl.models.base import TeacherModel
from mmwsl.models.layers.teacher import Teacher
from mmwsl.ops.tensors import embedding_std, normalize
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class MoCoV3(TeacherModel):
    """Match a query to its image's momentum key against the other keys of the global batch; no queue.

    Both views are query once; there is no queue. A ViT backbone keeps its random patch projection
    (``frozen_patch_embed``), without which training is unstable.

    Args:
        backbone, neck: query encoder and projector; the key encoder is a copy of both.
        head: predictor, of the queries only.
        temperature: T (1.0 for ResNet-50, 0.2 for ViT).
        momentum, end_momentum: m of the key encoder, 0.99 to 1 on a cosine.
    """

    def __init__(self, backbone, neck, head, temperature=0.2, momentum=0.99, end_momentum=1.0, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck, self.head = self.make(neck), self.make(head)
        self.temperature = temperature
        self.teacher = Teacher(self.backbone, self.neck, momentum=momentum, end_momentum=end_momentum)

    def loss(self, views, data_samples=None):
        q1, q2 = (normalize(self.head(self.neck(self.backbone(view)))) for view in views)  # (B, D) each
        # The key encoder moved right after the last optimiser step, which is this step's update of the paper.
        k1, k2 = (all_gather(normalize(self.teacher(view))) for view in views)  # (W B, D) each, no gradient
        loss = (in_batch_info_nce(q1, k2, self.temperature, rank())
                + in_batch_info_nce(q2, k1, self.temperature, rank()))
        return dict(loss=loss, embedding_std=embedding_std(q1))
