"""What a painter of hidden content must be better than: fills that need no network."""

import cv2
import numpy as np
import torch

from mmwsl.models.base import Model
from mmwsl.models.scenes.pcnet_c import grown, whole_masks
from mmwsl.models.scenes.pcnet_m import modal_masks
from mmwsl.registry import MODELS

KINDS = ('mean_fill', 'border_fill', 'diffusion')
RADIUS = 3  # pixels around each that OpenCV's in-painting looks at


def fill(pixels, visible, hole, kind):
    """Pixels (H, W, 3) uint8 with the hole filled from where ``visible`` is True; both are bool (H, W).

    ``'mean_fill'``: their mean; ``'border_fill'``: for each pixel the nearest of them; ``'diffusion'``: Telea's
    in-painting, by everything that is not in the hole. Where nothing is visible they stay as they are.
    """
    if kind == 'diffusion':
        return cv2.inpaint(pixels, hole.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA)
    filled = pixels.copy()
    if not visible.any():
        return filled
    if kind == 'mean_fill':
        filled[hole] = np.rint(pixels[visible].mean(0))
        return filled
    from scipy.ndimage import distance_transform_edt
    rows, columns = distance_transform_edt(~visible, return_distances=False, return_indices=True)
    filled[hole] = pixels[rows[hole], columns[hole]]
    return filled


@MODELS.register_module()
class ContentBaseline(Model):
    """Hidden content by a rule; there is nothing to train.

    Args:
        kind: ``'mean_fill'``, ``'border_fill'`` or ``'diffusion'``, see :func:`fill`. The last one fills the image
            without whatever may hide the object, the others fill what the whole shape has beyond the visible part.
        grow: see :class:`PCNetC`.

    Raises:
        ValueError: an unknown kind.
    """

    def __init__(self, kind='mean_fill', grow=0, **kwargs):
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f'ContentBaseline: kind={kind!r} is unknown; choose one of {", ".join(KINDS)}')
        self.kind, self.grow = kind, grow

    def predict(self, images, samples):
        """See :meth:`PCNetC.predict`."""
        for image, sample in zip(images, samples, strict=True):
            modal, amodal = (each.cpu().numpy() for each in (modal_masks(sample), whole_masks(sample)))
            pixels = self.data_preprocessor.pixels(image[None])[0].round().clamp(0, 255).to(torch.uint8)
            pixels = np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())
            contents = np.zeros((len(modal), *pixels.shape), dtype=np.uint8)
            for number, content in enumerate(contents):
                others = np.delete(modal, number, axis=0).any(0)
                hole = amodal[number] & ~modal[number] | (others if self.kind == 'diffusion' else False)
                content[:] = fill(pixels, modal[number], hole, self.kind) * amodal[number][..., None]
            covered = grown(modal_masks(sample).any(0), self.grow).cpu().numpy()
            background = fill(pixels, ~covered, covered, self.kind)
            for name, made in (('pred_contents', contents), ('pred_background', background)):
                made = np.ascontiguousarray(np.moveaxis(made, -1, -3))
                setattr(sample, name, torch.from_numpy(made).to(image.device))
        return samples
