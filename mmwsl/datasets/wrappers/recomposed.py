"""Scenes composed anew of the objects and the backgrounds of a set with masks: augmentation for instances."""

from pathlib import Path

import cv2
import numpy as np
import torch

from mmwsl.datasets.base import ImageDataset
from mmwsl.datasets.readers.scenes.scene_files import read_scene
from mmwsl.ops.occlusion.order import mask_boxes
from mmwsl.ops.occlusion.scatter import cut_pieces, scatter_pieces
from mmwsl.registry import DATASETS

RADIUS = 3  # pixels around each that OpenCV's in-painting looks at


@DATASETS.register_module()
class Recomposed(ImageDataset):
    """A set with ``gt_instance_masks``, of which some images are scenes composed anew.

    Image i is then the background of scene i and objects of any scenes of the set, at random positions and in random
    order; which ones depends on (seed, epoch, i) alone. Of every image, changed or not, samples have
    ``gt_instance_masks`` (N, H, W), ``gt_boxes`` (N, 4) around them, ``gt_box_labels`` (N,) and ``gt_difficult`` (N,),
    all False. Objects of which too little is seen are left out. Everything is kept in memory.

    Args:
        dataset: config or instance of a dataset of images with masks.
        prob: share of the images that are composed anew.
        objects: smallest and largest number of objects of such an image.
        scenes: folder of the set's scenes taken apart, ``{i}.npz`` for image i, as ``mmwsl decompose-set`` writes it:
            whole objects, also what was hidden of them. None: objects are what is seen of them, and the background
            behind them is OpenCV's in-painting.
        grow: pixels around the masks that are no background either; without ``scenes``.
        min_pixels: objects of which fewer are seen are left out.

    Raises:
        ValueError: a share or numbers that are impossible, a dataset without masks, or a scene of other objects than
            its image has.
        FileNotFoundError: there is no such folder, or it lacks a scene.
    """

    def __init__(self, dataset, prob=0.5, objects=(1, 4), scenes=None, grow=1, min_pixels=16):
        if not 0 <= prob <= 1 or not 1 <= objects[0] <= objects[1]:
            raise ValueError(f'Recomposed: prob={prob} must be from 0 to 1 and objects={tuple(objects)} two numbers '
                             'from 1, the smaller first')
        if scenes is not None and not Path(scenes).is_dir():
            raise FileNotFoundError(f'Recomposed: the folder of scenes {scenes} does not exist; `mmwsl decompose-set` '
                                    'writes it, and scenes=None takes visible parts')
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        super().__init__(None, self.dataset.metainfo.get('classes'), self.dataset.supervision)
        self.prob, self.objects, self.min_pixels = prob, tuple(objects), min_pixels
        self.images, self.backgrounds, self.pieces = [], [], []
        self._clock = torch.zeros(2, dtype=torch.int64).share_memory_()  # workers that outlive the epoch see it, too
        for index in range(len(self.dataset)):
            item = self.dataset[index]
            masks = item['data_samples'].get('gt_instance_masks')
            if masks is None:
                raise ValueError(f'Recomposed: image {index} of {type(self.dataset).__name__} has no masks; it needs a '
                                 "set that has some, with supervision='full'")
            image = np.ascontiguousarray(item['inputs'].permute(1, 2, 0).numpy())
            masks, labels = masks.numpy().astype(bool), item['data_samples'].gt_box_labels.numpy()
            self.images.append((image, masks, labels))
            background, pieces = self._apart(image, masks, grow) if scenes is None else self._read(
                Path(scenes) / f'{index}.npz', masks)
            self.backgrounds.append(background)
            self.pieces += [(piece, label) for piece, label, mask in zip(pieces, labels, masks, strict=True)
                            if mask.sum() >= min_pixels]
        if not self.pieces:
            raise ValueError(f'Recomposed: none of {len(self.dataset)} images of {type(self.dataset).__name__} has an '
                             f'object of min_pixels={min_pixels}')

    @staticmethod
    def _apart(image, masks, grow):
        covered = cv2.dilate(masks.any(0).astype(np.uint8), np.ones((2 * grow + 1, 2 * grow + 1), dtype=np.uint8))
        return cv2.inpaint(image, covered, RADIUS, cv2.INPAINT_TELEA), cut_pieces(image, masks)

    @staticmethod
    def _read(path, masks):
        layers = read_scene(path)
        if layers.shapes.shape != masks.shape:
            raise ValueError(f'Recomposed: {path} has {len(layers.names)} objects on '
                             f'{layers.shapes.shape[1]} x {layers.shapes.shape[2]} pixels, its image {len(masks)} on '
                             f'{masks.shape[1]} x {masks.shape[2]}; take this set apart again (`mmwsl decompose-set`)')
        return layers.background, cut_pieces(layers.contents, layers.shapes)

    def set_epoch(self, epoch):
        """Compose other scenes from now on, in living workers too."""
        self._clock[0] = epoch

    def set_seed(self, seed):
        """Take the sampler's seed."""
        self._clock[1] = seed

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        index = self.position(index)
        epoch, seed = self._clock.tolist()
        rng = np.random.default_rng([seed, epoch, index])
        image, masks, labels = self.images[index]
        if rng.random() < self.prob:
            count = rng.integers(self.objects[0], self.objects[1] + 1)
            pieces, labels = zip(*(self.pieces[each] for each in rng.integers(len(self.pieces), size=count)),
                                 strict=True)
            image, masks = scatter_pieces(self.backgrounds[index], pieces, rng)
        kept = masks.sum((1, 2)) >= self.min_pixels
        sample = self.data_sample(index)
        sample.gt_instance_masks = torch.from_numpy(masks[kept])
        sample.gt_boxes = torch.from_numpy(mask_boxes(masks[kept]).astype(np.float32))
        sample.gt_box_labels = torch.from_numpy(np.asarray(labels, dtype=np.int64)[kept])
        sample.gt_difficult = torch.zeros(int(kept.sum()), dtype=torch.bool)
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))), data_samples=sample)
