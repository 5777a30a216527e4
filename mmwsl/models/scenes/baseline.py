"""What a method of scenes must be better than: orders and shapes that need no network."""

import numpy as np
import torch

from mmwsl.models.base import Model
from mmwsl.models.scenes.pcnet_m import modal_masks
from mmwsl.ops.occlusion import area_order, distant_order, hull_order, hulls, occluders, y_axis_order
from mmwsl.registry import MODELS

ORDERS = ('area', 'larger_area', 'y_axis', 'convex_hull', 'true')
SHAPES = ('visible', 'hull', 'hidden_hull')


@MODELS.register_module()
class SceneBaseline(Model):
    """Order of a scene's masks by a rule, and whole shapes by another; there is nothing to train.

    Args:
        order: ``'area'``, the smaller lies in front; ``'larger_area'``; ``'y_axis'``, the lower one does;
            ``'convex_hull'``, of two the one whose hull takes more of the other lies behind; or ``'true'``, that of
            ``gt_order``, as a ceiling.
        shape: ``'visible'``, nothing is added; ``'hull'``, the convex hull; ``'hidden_hull'``, of the hull what lies
            beneath objects that the order has in front.
        gap: see :func:`in_contact`.
        distant: see :class:`PCNetM`.

    Raises:
        ValueError: an unknown rule; in ``predict``, samples without ``gt_instance_masks``.
    """

    def __init__(self, order='area', shape='visible', gap=1, distant=False, **kwargs):
        super().__init__(**kwargs)
        if order not in ORDERS or shape not in SHAPES:
            raise ValueError(f'SceneBaseline: order={order!r} and shape={shape!r} must be of {", ".join(ORDERS)} '
                             f'and of {", ".join(SHAPES)}')
        self.order, self.shape, self.gap, self.distant = order, shape, gap, distant

    def predict(self, images, samples):
        """Add ``pred_order`` and ``pred_amodal_masks``, see :meth:`PCNetM.predict`."""
        for sample in samples:
            device, masks = modal_masks(sample).device, modal_masks(sample).cpu().numpy()
            order = self._order(masks, sample)
            whole = self._shapes(masks, order)
            if self.distant:
                order = distant_order(order, masks, whole, self.gap)
            sample.pred_order = torch.from_numpy(order).to(device)
            sample.pred_amodal_masks = torch.from_numpy(whole).to(device)
        return samples

    def _order(self, masks, sample):
        if self.order == 'true':
            depth = sample.gt_order.cpu().numpy()
            amodal = sample.gt_amodal_masks.flatten(1).cpu().numpy().astype(np.float32)
            return (np.sign(depth[:, None] - depth) * (amodal @ amodal.T > 0)).astype(np.int8)
        if self.order in ('area', 'larger_area'):
            return area_order(masks, self.order == 'larger_area', self.gap)
        return dict(y_axis=y_axis_order, convex_hull=hull_order)[self.order](masks, gap=self.gap)

    def _shapes(self, masks, order):
        if self.shape == 'visible' or not len(masks):
            return masks
        if self.shape == 'hull':
            return hulls(masks)
        above = np.stack([masks[row].any(0) for row in occluders(order)])
        return masks | hulls(masks) & above
