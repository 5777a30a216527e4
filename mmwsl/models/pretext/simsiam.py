"""SimSiam: Exploring Simple Siamese Representation Learning (Chen and He 2021)."""

from mmwsl.models.base import Model
from mmwsl.ops.tensors import embedding_std, normalize
from mmwsl.registry import PRETEXTS


def negative_cosine(prediction, target):
    """D(p, z) of equation 1, batch mean; the stop-gradient on z (B, D) is what keeps it from collapse."""
    return -(normalize(prediction) * normalize(target.detach())).sum(1).mean()


@PRETEXTS.register_module()
class SimSiam(Model):
    """Predict the other view's stop-gradient projection; no negatives and no teacher.

    The predictor's learning rate stays constant while the others decay: ``FixedLearningRateHook`` in the config.

    Args:
        backbone: encoder f.
        neck: projector, :class:`MLPNeck` whose last norm has no affine part.
        head: predictor h, an MLP with a narrow hidden layer.
    """

    def __init__(self, backbone, neck, head, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck, self.head = self.make(neck), self.make(head)

    def loss(self, views, data_samples=None):
        z1, z2 = (self.neck(self.backbone(view)) for view in views)  # (B, D) each, BN statistics per view
        p1, p2 = self.head(z1), self.head(z2)
        loss = negative_cosine(p1, z2) / 2 + negative_cosine(p2, z1) / 2  # from 0 down to -1
        return dict(loss=loss, embedding_std=embedding_std(z1))
