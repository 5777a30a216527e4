"""Proposals of photos that come without a file of them."""

import cv2
import numpy as np

from mmwsl.datasets.transforms.decode import ImageError, load_image
from mmwsl.ops.proposals import hierarchical
from mmwsl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MakeProposals:
    """Give a photo ``proposals`` (R, 4) and ``proposal_scores`` (R,) by :func:`mmwsl.ops.proposals.hierarchical`.

    That takes about a second a photo, every time that it is loaded: for training, proposals of a file are better
    (:class:`WithProposals`). A photo that has proposals keeps them. It stands first in a pipeline.

    Args:
        max_boxes: at most so many, the best.
        min_side: boxes with a shorter side in pixels are left out.

    Raises:
        ValueError: a number below 1.
        ImageError: when a photo is loaded that has no such region.
    """

    moves_annotations = True

    def __init__(self, max_boxes=500, min_side=20):
        if min(max_boxes, min_side) < 1:
            raise ValueError(f'MakeProposals: max_boxes={max_boxes} and min_side={min_side} must be 1 or more')
        self.max_boxes, self.min_side = max_boxes, min_side

    def __call__(self, results):
        if 'proposals' in results:
            return results
        image = results['image'] = load_image(results)
        if image.ndim == 2:
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        # as in a file of max_boxes a photo: the small ones are left out afterwards
        boxes, scores = hierarchical(np.ascontiguousarray(image), max_boxes=self.max_boxes)
        kept = (boxes[:, 2:] - boxes[:, :2]).min(1, initial=np.inf) >= self.min_side
        if not kept.any():
            raise ImageError(f'{results["path"]}: none of its {len(boxes)} regions has sides of {self.min_side} pixels '
                             'or more, so there is nothing to score; leave the photo out, or lower min_side')
        results['proposals'], results['proposal_scores'] = boxes[kept], scores[kept]
        return results
