"""Photos with masks of whole objects beside those of their visible parts: KINS, and COCOA."""

import json
from pathlib import Path

import numpy as np
import torch

from mmwsl.datasets.annotated import rasterize
from mmwsl.datasets.readers.coco import COCO, shape_mask
from mmwsl.datasets.readers.coco_file import read_instances
from mmwsl.registry import DATASETS


class _WholeShapes(COCO):
    """COCO's layout once :meth:`read` has put the visible part in ``segmentation`` and ``bbox``, and the whole shape in
    ``amodal_segmentation``."""

    def loaded_sample(self, index, results):
        sample = super().loaded_sample(index, results)
        if 'gt_instance_masks' in self._visible and not self.pipeline:
            height, width = results['inputs'].shape[1:]
            shapes = [shape_mask(each, height, width) for each in self.annotations[index]['amodal']]
            whole = torch.from_numpy(rasterize(shapes, height, width))
            sample.gt_amodal_masks = whole | sample.gt_instance_masks
        return sample


@DATASETS.register_module()
class KINS(_WholeShapes):
    """KINS (Qi et al. 2019), street scenes of KITTI: visible parts as ``gt_instance_masks`` and ``gt_boxes``, and
    ``gt_amodal_masks`` with ``supervision='full'`` and no pipeline.

    Of its file ``segmentation`` or ``a_segm`` is the whole shape, ``inmodal_seg`` or ``i_segm`` the visible part;
    objects without one of them, or of which nothing is seen, are left out.

    Args:
        ann_file, data_prefix, ...: see :class:`COCO`.
    """

    def __init__(self, ann_file='data/kins/update_train_2020.json', data_prefix='data/kins/training/image_2',
                 **settings):
        super().__init__(ann_file, data_prefix, **settings)

    @staticmethod
    def read(path):
        """The file's content, see :class:`_WholeShapes`.

        Raises:
            ValueError: no annotation has both shapes; and see :func:`read_instances`.
        """
        content, kept = read_instances(path), []
        for each in content['annotations']:
            modal, amodal = (next((each[name] for name in names if each.get(name)), None) for names in (
                ('inmodal_seg', 'i_segm'), ('a_segm', 'segmentation')))
            box = next((each[name] for name in ('inmodal_bbox', 'i_bbox') if each.get(name)), each['bbox'])
            if modal is not None and amodal is not None and min(box[2:]) > 0:
                kept.append(dict(each, segmentation=modal, amodal_segmentation=amodal, bbox=box))
        if not kept:
            raise ValueError(f'KINS: no annotation of {path} has a visible part (inmodal_seg or i_segm) and a whole '
                             'shape (a_segm or segmentation); is it the file of KINS?')
        return dict(content, annotations=kept)


@DATASETS.register_module()
class COCOA(_WholeShapes):
    """COCOA (Zhu et al. 2017): whole objects on photos of COCO, without classes; fields as of :class:`KINS`.

    Its file lists the regions of each photo from front to back, each with a ``segmentation``, the whole shape, and a
    ``visible_mask`` where some of it is hidden.

    Args:
        ann_file, data_prefix, ...: see :class:`COCO`.
        stuff: keep regions that are ``isStuff``, too.
    """

    stuff = False

    def __init__(self, ann_file='data/cocoa/COCO_amodal_train2014.json', data_prefix='data/coco/train2014', stuff=False,
                 **settings):
        self.stuff = stuff
        super().__init__(ann_file, data_prefix, **settings)

    def read(self, path):
        """The file's content in COCO's layout, see :class:`_WholeShapes`.

        Raises:
            FileNotFoundError: no such file.
            ValueError: not JSON, or not of COCOA's layout.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f'COCOA: {path} does not exist; correct ann_file')
        try:
            content = json.loads(path.read_text(encoding='utf-8'))
            images = [dict(each) for each in content['images']]
            known, annotations = {each['id'] for each in images}, []
            for photo in content['annotations']:
                for region in photo['regions']:
                    if region.get('isStuff') and not self.stuff:
                        continue
                    if photo['image_id'] not in known:
                        raise ValueError(f'image {photo["image_id"]} is not among its images')
                    number = len(annotations) + 1
                    annotations.append(self._annotation_of(region, photo['image_id'], number))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f'COCOA: {path} has not the layout of COCOA, images and annotations with regions: '
                             f'{type(error).__name__}: {error}') from error
        return dict(images=images, annotations=annotations, categories=[dict(id=1, name='object')])

    @staticmethod
    def _annotation_of(region, image_id, number):
        outline = np.array(region['segmentation'], dtype=np.float64).reshape(-1, 2)
        x1, y1 = outline.min(0)
        width, height = outline.max(0) - (x1, y1)
        whole = [outline.ravel().tolist()]
        return dict(id=number, own_id=region.get('name', number), image_id=image_id, category_id=1, iscrowd=0,
                    bbox=[x1, y1, width, height], area=float(region.get('area') or width * height),
                    segmentation=region.get('visible_mask') or whole, amodal_segmentation=whole)
