"""The ceiling of methods of scenes: a network that is told whole shapes."""

import torch
import torch.nn.functional as F

from mmwsl.models.scenes.pcnet_m import PCNetM, modal_masks
from mmwsl.ops.occlusion import cut_masks, object_squares, overlap_order, paste_maps, random_windows
from mmwsl.ops.occlusion.order import mask_boxes
from mmwsl.registry import MODELS


@MODELS.register_module()
class SupervisedCompletion(PCNetM):
    """A network of visible parts and of all others' that learns true whole shapes; order follows from them.

    Args:
        backbone, size, ...: see :class:`PCNetM`; what is said there of erasers has no use here.
        shape_threshold: probability from which a pixel belongs to the shape; .5 as it is trained for.

    Raises:
        ValueError: in ``loss``, samples without ``gt_amodal_masks``.
    """

    def __init__(self, backbone, shape_threshold=0.5, **kwargs):
        super().__init__(backbone, shape_threshold=shape_threshold, **kwargs)

    def loss(self, views, data_samples=None):
        if 'gt_amodal_masks' not in data_samples:
            raise ValueError('SupervisedCompletion learns from whole shapes (gt_amodal_masks), and the data have none; '
                             'set amodal=True in ObjectCrops')
        maps = [data_samples.get(name) for name in ('gt_instance_masks', 'gt_other_masks', 'gt_amodal_masks')]
        share = self.size / maps[0].shape[-1]
        visible, others, whole = (each[:, 0] for each in random_windows(maps, self.size, share, **self.windows))
        labels = data_samples.gt_box_labels[:, 0] if self.categories else None
        error = F.cross_entropy(self.logits(visible, others, labels), whole.long(), reduction='none')
        return dict(loss=(error * torch.where(others, self.eraser_weight, 1.0)).mean())

    def predict(self, images, samples):
        """See :meth:`PCNetM.predict`."""
        for sample in samples:
            masks, complete = modal_masks(sample), self.completer(sample)
            whole = masks.clone()
            plain = masks.cpu().numpy()
            squares = torch.as_tensor(object_squares(mask_boxes(plain), self.enlarge), dtype=torch.float32,
                                      device=masks.device)
            for number in plain.any((1, 2)).nonzero()[0].tolist():
                others = torch.cat([masks[:number], masks[number + 1:]]).any(0)
                pair = cut_masks(torch.stack([masks[number], others]), torch.arange(2, device=masks.device),
                                 squares[[number, number]], self.size)
                found = complete(pair[:1], pair[1:], torch.tensor([number], device=masks.device))
                found = paste_maps(found[:, None], squares[[number]], *masks.shape[1:])[0, 0]
                whole[number] |= (found > self.shape_threshold) & others
            sample.pred_amodal_masks = whole
            sample.pred_order = torch.from_numpy(overlap_order(plain, whole.cpu().numpy())).to(masks.device)
        return samples
