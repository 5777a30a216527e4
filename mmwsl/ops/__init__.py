"""Operations on tensors, boxes and regions: pure torch on any device, mmcv's compiled ones where they are installed."""

from .anchors import base_anchors, grid_anchors, inside_image
from .box_coder import decode_boxes, encode_boxes
from .boxes import box_area, box_iou, clip_boxes
from .fast_nms import fast_nms
from .nms import batched_nms, nms, soft_nms
from .roi_align import roi_align
from .roi_pool import roi_pool

__all__ = ['base_anchors', 'batched_nms', 'box_area', 'box_iou', 'clip_boxes', 'decode_boxes', 'encode_boxes',
           'fast_nms', 'grid_anchors', 'inside_image', 'nms', 'roi_align', 'roi_pool', 'soft_nms']
