"""One square a visible object of a set with masks: what networks learn from that complete objects."""

import cv2
import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset, evenly_spaced
from mmwsl.ops.occlusion import cut_masks, object_squares
from mmwsl.ops.occlusion.order import mask_boxes
from mmwsl.registry import DATASETS
from mmwsl.structures import DataSample, stack_samples


@DATASETS.register_module()
class ObjectCrops(ImageDataset):
    """Squares around the objects of a dataset with ``gt_instance_masks``, each an item of its own.

    An item has ``gt_instance_masks`` (1, M, M), the object's visible part, its class ``gt_box_labels`` (1,), and
    ``gt_other_masks`` (1, M, M), the visible parts of all others; ``gt_amodal_masks`` (1, M, M) and, where the dataset
    gives it, ``gt_contents`` (1, 3, M, M) only with ``amodal``, because methods of scenes must do without. Beyond
    the image its border goes on; no mask does.

    Args:
        dataset: config or instance of a dataset of images with masks.
        size: M.
        margin: side of a square over that of :func:`object_squares`, so that windows can be moved within it.
        enlarge: see :func:`object_squares`.
        min_pixels: objects of which fewer are seen are left out.
        amodal: also hand over whole objects.
        in_memory: cut all squares at construction and keep them (some 5 x M x M bytes each, 8 with contents).
        max_images: keep only so many objects, evenly spaced.

    Raises:
        ValueError: no object is left.
    """

    def __init__(self, dataset, size=384, margin=1.5, enlarge=3.0, min_pixels=16, amodal=False, in_memory=False,
                 max_images=None):
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        super().__init__(None, self.dataset.metainfo.get('classes'), self.dataset.supervision)
        self.size, self.margin, self.enlarge, self.amodal = size, margin, enlarge, amodal
        self.objects, self._kept = [], None
        crops = []
        for image in range(len(self.dataset)):
            item = None if self._described(image) else self.dataset[image]
            counts = self._pixels(image, item)
            numbers = np.flatnonzero(counts >= min_pixels).tolist()
            self.objects += [(image, number) for number in numbers]
            if in_memory:
                item = item or self.dataset[image]
                crops += [self._crop(item, number) for number in numbers]
        if not self.objects:
            raise ValueError(f'ObjectCrops: none of {len(self.dataset)} images of {type(self.dataset).__name__} has an '
                             f"object of min_pixels={min_pixels}; has it masks, and supervision='full'?")
        positions = evenly_spaced(len(self.objects), max_images).tolist()
        self.objects = [self.objects[each] for each in positions]
        if in_memory:
            inputs, samples = zip(*(crops[each] for each in positions), strict=True)
            self._kept = torch.stack(inputs), stack_samples(samples)

    def _described(self, image):
        """Whether the annotations tell the objects, so that no image need be read for it."""
        return hasattr(self.dataset, 'annotations') and 'boxes' in self.dataset.annotations[image]

    def _pixels(self, image, item):
        """Visible pixels of each object; of annotated photos those of the box, 0 for crowds."""
        if item is not None:
            masks = item['data_samples'].get('gt_instance_masks')
            return np.zeros(0) if masks is None else masks.sum((1, 2)).numpy()
        annotation = self.dataset.annotations[image]
        extent = annotation['boxes'][:, 2:] - annotation['boxes'][:, :2]
        difficult = annotation.get('difficult')
        return extent.prod(1) * (1 if difficult is None else ~difficult)

    def __len__(self):
        return len(self.objects)

    def __getitem__(self, index):
        index = self.position(index)
        if self._kept is not None:
            inputs, samples = self._kept
            sample = self.data_sample(index)
            sample.set_data({key: value[index] for key, value in samples.items()})
            return dict(inputs=inputs[index], data_samples=sample)
        image, number = self.objects[index]
        inputs, sample = self._crop(self.dataset[image], number)
        sample.index = torch.tensor(index)
        return dict(inputs=inputs, data_samples=sample)

    def __getitems__(self, indices):
        """The batch ``indices``: dict(inputs=uint8 (B, 3, M, M), data_samples=one batched DataSample)."""
        indices = [self.position(index) for index in indices]
        if self._kept is None:
            items = [self[index] for index in indices]
            return dict(inputs=torch.stack([item['inputs'] for item in items]),
                        data_samples=stack_samples([item['data_samples'] for item in items]))
        chosen = torch.tensor(indices)
        sample = self.data_sample(chosen)
        sample.set_data({key: value[chosen] for key, value in self._kept[1].items()})
        return dict(inputs=self._kept[0][chosen], data_samples=sample)

    def _crop(self, item, number):
        image, sample = item['inputs'], item['data_samples']
        masks = sample.gt_instance_masks
        left, top, side = object_squares(mask_boxes(masks[number:number + 1].numpy()), self.enlarge)[0]
        middle, side = np.array([left + side / 2, top + side / 2]), side * self.margin
        square = np.array([*(middle - side / 2), side])

        def cut(bitmaps):
            which = torch.zeros(1, dtype=torch.int64)
            return cut_masks(bitmaps[None], which, torch.as_tensor(square[None]).float(), self.size)

        def picture(pixels):
            scale = self.size / side
            corner = (0.5 - square[:2]) * scale - 0.5
            matrix = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
            cut_out = cv2.warpAffine(np.ascontiguousarray(pixels.permute(1, 2, 0).numpy()), matrix,
                                     (self.size, self.size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            return torch.from_numpy(np.ascontiguousarray(cut_out.transpose(2, 0, 1)))

        others = torch.cat([masks[:number], masks[number + 1:]]).any(0)
        cropped = DataSample(gt_instance_masks=cut(masks[number]), gt_other_masks=cut(others))
        cropped.gt_box_labels = sample.gt_box_labels[number:number + 1]
        if self.amodal:
            cropped.gt_amodal_masks = cut(sample.gt_amodal_masks[number])
            if 'gt_contents' in sample:
                cropped.gt_contents = picture(sample.gt_contents[number])[None]
        return picture(image), cropped
