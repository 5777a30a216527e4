"""mmengine metric around the masks of objects that the samples themselves bring, without an annotation file."""

import contextlib
import io

import numpy as np
from mmengine.evaluator import BaseMetric

from mmwsl.evaluation.metrics.detection import COCOMetric, coco_results, evaluate_coco
from mmwsl.registry import METRICS


@METRICS.register_module()
class InstanceMetric(BaseMetric):
    """COCO's box and mask AP by pycocotools, in percent, of data without an annotation file: sets made on the fly.

    The samples need ``gt_boxes``, ``gt_box_labels``, ``gt_instance_masks``, perhaps ``gt_difficult``, all in pixels of
    the file, and the ``pred_*`` of a detector. Objects of which nothing is seen are none. A size that no object has is
    without a value.

    Args:
        kinds: 'bbox', 'segm' or both. Boxes are those around the masks' pixels if ``visible_boxes``.
        visible_boxes: of objects that are partly hidden, score the box of what is seen.
        num_classes: classes; default those of the data set.

    Raises:
        ValueError: an unknown kind, or true masks of another size than the predicted ones.
    """

    default_prefix = 'instances'

    def __init__(self, kinds=('bbox', 'segm'), visible_boxes=False, num_classes=None, collect_device='cpu',
                 prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not kinds or set(kinds) - {'bbox', 'segm'}:
            raise ValueError(f"InstanceMetric: kinds={kinds} must be 'bbox', 'segm' or both")
        self.kinds, self.visible_boxes, self.num_classes = list(kinds), visible_boxes, num_classes

    def process(self, data_batch, data_samples):
        from pycocotools import mask as coco_mask
        for sample in data_samples:
            true = sample['gt_instance_masks'].cpu().numpy()
            if 'segm' in self.kinds and tuple(true.shape[1:]) != tuple(sample['pred_masks'].shape[1:]):
                raise ValueError(f'InstanceMetric: true masks are of {tuple(true.shape[1:])} pixels, predicted ones of '
                                 f'{tuple(sample["pred_masks"].shape[1:])}; for photos that are resized use COCOMetric')
            boxes, labels = sample['gt_boxes'].cpu().numpy(), sample['gt_box_labels'].tolist()
            crowd = sample['gt_difficult'].tolist() if 'gt_difficult' in sample else [False] * len(labels)
            encoded = coco_mask.encode(np.asfortranarray(true.astype(np.uint8).transpose(1, 2, 0))) if len(true) else []
            objects = []
            for mask, box, label, many in zip(encoded, boxes, labels, crowd, strict=True):
                area = float(coco_mask.area(mask))
                bbox = coco_mask.toBbox(mask).tolist() if self.visible_boxes else [
                    float(value) for value in (*box[:2], *(box[2:] - box[:2]))]
                if area:
                    objects.append(dict(category_id=label, bbox=bbox, area=area, segmentation=mask, iscrowd=int(many)))
            count = self.num_classes or len(self.dataset_meta['classes'])
            self.results.append((tuple(true.shape[1:]), objects, coco_results(sample, 0, range(count))))

    def compute_metrics(self, results):
        from pycocotools.coco import COCO as Annotations
        count = self.num_classes or len(self.dataset_meta['classes'])
        truth, found = [], []
        for number, (_, objects, detections) in enumerate(results, start=1):
            truth += [dict(each, image_id=number) for each in objects]
            found += [dict(each, image_id=number) for each in detections]
        content = dict(images=[dict(id=number, height=size[0], width=size[1])
                               for number, (size, _, _) in enumerate(results, start=1)],
                       categories=[dict(id=number, name=str(number)) for number in range(count)],
                       annotations=[dict(each, id=number) for number, each in enumerate(truth, start=1)], info={})
        with contextlib.redirect_stdout(io.StringIO()):
            annotations = Annotations()
            annotations.dataset = content
            annotations.createIndex()
        values = {}
        for kind in self.kinds:
            if not found:  # pycocotools cannot read an empty list
                values |= {f'{kind}_{name}': 0.0 for name in COCOMetric.NAMES}
                continue
            images = [each['id'] for each in content['images']]
            stats = evaluate_coco(annotations, found, kind, images, list(range(count))).stats
            values |= {f'{kind}_{name}': round(100 * float(value), 4)  # -1: no object of this size
                       for name, value in zip(COCOMetric.NAMES, stats, strict=False) if value >= 0}
        return values
