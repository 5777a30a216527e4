"""Classification of images that have several tags."""

import torch.nn.functional as F

from mmwsl.models.heads.classification import ClassificationHead
from mmwsl.ops.tensors import upcast
from mmwsl.registry import HEADS


@HEADS.register_module()
class MultiLabelHead(ClassificationHead):
    """Pooling, one linear layer and a sigmoid for each class: any number of them may be in an image.

    Args:
        in_channels, num_classes, init_std, norm_cfg: see :class:`ClassificationHead`; one class is enough.
    """

    several_tags = True

    def __init__(self, in_channels, num_classes, init_std=0.01, norm_cfg=None, init_cfg=None):
        super().__init__(in_channels, num_classes, init_std=init_std, norm_cfg=norm_cfg, init_cfg=init_cfg)

    def loss(self, x, labels):
        """``dict(loss, accuracy)``: mean binary cross-entropy over the known tags, and the share in percent of them
        that is on the right side of one half.

        Args:
            x: see :meth:`ClassificationHead.forward`.
            labels: (B, num_classes) of 1 (present), 0 (absent) and -1 (not known: left out).
        """
        scores = upcast(self(x))
        known = (labels >= 0).to(scores.dtype)
        count = known.sum().clamp(min=1)
        each = F.binary_cross_entropy_with_logits(scores, labels.to(scores.dtype).clamp(min=0), reduction='none')
        right = ((scores.detach() > 0) == (labels > 0)) * known
        return dict(loss=(each * known).sum() / count, accuracy=100 * right.sum() / count)
