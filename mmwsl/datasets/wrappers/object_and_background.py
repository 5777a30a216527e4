"""Photos with one box as two pictures, one around the object and one of the whole scene: what FineGAN learns from."""

import numpy as np
import torch

from mmwsl.datasets.annotated import AnnotatedDataset
from mmwsl.datasets.base import ImageDataset
from mmwsl.datasets.transforms.decode import resize, to_tensor
from mmwsl.registry import DATASETS
from mmwsl.structures import stack_samples

MARGIN = 76 / 64  # the scene is resized to so much more than the part that is cut out of it


def object_square(box, width, height, enlarge=1.5):
    """The square around a box, ``enlarge`` times its longer side, clipped to the image: x1, y1, x2, y2, whole pixels.

    Its center is the box's, so that what is left may not be square near the image's border.
    """
    half = enlarge / 2 * max(box[2] - box[0], box[3] - box[1])
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    low = [max(0, int(each - half)) for each in middle]
    return (*low, *(max(start + 1, min(length, int(each + half)))
                    for start, each, length in zip(low, middle, (width, height), strict=True)))


@DATASETS.register_module()
class ObjectAndBackground(ImageDataset):
    """The crop around the object of each photo, and a random crop of the whole photo with the object's box in it.

    ``inputs`` is a list of both, uint8 (3, size, size) and (3, background_size, background_size), turned around
    together every other time; ``gt_boxes`` (1, 4) is the box in the second, without area where the object is cut off.
    Of photos with several boxes the largest counts. Crops depend on (seed, epoch, index) alone.

    Args:
        dataset: config or instance of an :class:`AnnotatedDataset` without a pipeline that shows boxes.
        size: side of the object's crop.
        background_size: side of the other one.
        training: False: ``inputs`` is the object's crop alone, never turned around.

    Raises:
        ValueError: another dataset.
        IndexError: from an item, a photo without a box; ``drop_empty=True`` of the dataset leaves these out.
    """

    def __init__(self, dataset, size=128, background_size=126, training=True):
        dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        if not isinstance(dataset, AnnotatedDataset) or dataset.pipeline or 'gt_boxes' not in dataset._visible:
            raise ValueError('ObjectAndBackground needs photos with boxes: COCO, VOC or another AnnotatedDataset, '
                             f"without a pipeline, with supervision='boxes', not {type(dataset).__name__}")
        super().__init__(None, dataset.classes, dataset.supervision)
        self.dataset, self.size, self.background_size, self.training = dataset, size, background_size, training
        self.set_epoch, self.set_seed = dataset.set_epoch, dataset.set_seed

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        index = self.position(index)
        item = self.dataset[index]
        photo = item['inputs'].permute(1, 2, 0).numpy()
        boxes = item['data_samples'].gt_boxes.numpy()
        if not len(boxes):
            raise IndexError(f'{self.dataset.paths[index]} has no box; leave such photos out with drop_empty=True of '
                             f'{type(self.dataset).__name__}')
        box = boxes[(boxes[:, 2:] - boxes[:, :2]).prod(1).argmax()]
        x1, y1, x2, y2 = object_square(box, photo.shape[1], photo.shape[0])
        around = resize(photo[y1:y2, x1:x2], self.size, self.size)
        sample = self.data_sample(index)
        if not self.training:
            return dict(inputs=to_tensor(around), data_samples=sample)
        described = self.dataset.describe(index)
        rng = np.random.default_rng((described['seed'], described['epoch'], index))
        scene, box = self._scene(photo, box, rng)
        if rng.random() < 0.5:
            around, scene = around[:, ::-1], scene[:, ::-1]
            box[[0, 2]] = self.background_size - box[[2, 0]]
        sample.gt_boxes = torch.from_numpy(box[None])
        return dict(inputs=[to_tensor(np.ascontiguousarray(each)) for each in (around, scene)], data_samples=sample)

    def __getitems__(self, indices):
        """The items ``indices``; one batched dict of them."""
        items = [self[index] for index in indices]
        samples = stack_samples([item['data_samples'] for item in items])
        inputs = [item['inputs'] for item in items]
        inputs = [torch.stack(each) for each in zip(*inputs, strict=True)] if self.training else torch.stack(inputs)
        return dict(inputs=inputs, data_samples=samples)

    def _scene(self, photo, box, rng):
        """A random square of the photo, resized, and the box in it, float32 (4,)."""
        side, short = self.background_size, int(self.background_size * MARGIN)
        scale = short / min(photo.shape[:2])
        height, width = (max(short, round(each * scale)) for each in photo.shape[:2])
        y, x = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        factors = np.array([width / photo.shape[1], height / photo.shape[0]] * 2)
        box = (box * factors - (x, y, x, y)).clip(0, side).astype(np.float32)
        return resize(photo, width, height)[y:y + side, x:x + side], box
