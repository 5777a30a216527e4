"""BYOL: Bootstrap Your Own Latent (Grill et al. 2020)."""

from mmwsl.losses import cosine_regression
from mmwsl.models.base import TeacherModel
from mmwsl.models.layers.teacher import Teacher
from mmwsl.ops.tensors import embedding_std
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class BYOL(TeacherModel):
    """Predict the target (EMA) network's projection of the other view; no negatives.

    Args:
        backbone, neck: online encoder and projector; the target is a copy of both.
        head: predictor, online only.
        momentum, end_momentum: target decay tau, 0.996 (0.99 for short schedules) to 1 on a cosine.
    """

    def __init__(self, backbone, neck, head, momentum=0.99, end_momentum=1.0, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck, self.head = self.make(neck), self.make(head)
        self.teacher = Teacher(self.backbone, self.neck, momentum=momentum, end_momentum=end_momentum)

    def loss(self, views, data_samples=None):
        first, second = views
        z1, z2 = (self.neck(self.backbone(view)) for view in (first, second))  # BN statistics per view
        t1, t2 = self.teacher(first), self.teacher(second)  # no gradient
        loss = cosine_regression(self.head(z1), t2) + cosine_regression(self.head(z2), t1)
        return dict(loss=loss, embedding_std=embedding_std(z1))
