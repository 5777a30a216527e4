"""Photos of one's own: found by file, folder and pattern, and loaded as a network takes them, alone or in bags."""

import glob
import os

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import Dataset

from mmwsl.datasets.collate import collate_batch
from mmwsl.datasets.file_dataset import FileDataset, fit_center_square
from mmwsl.datasets.readers.folder import find_images
from mmwsl.datasets.transforms.decode import ImageError, image_size, limit_worker_threads, load_image
from mmwsl.structures import DataSample

WHOLE = (0.0, 0.0, 1.0, 1.0)


def find_photos(names):
    """The image files that ``names`` say, each once: files, folders (every image below), patterns such as ``a/*.jpg``.

    They come in the order of the names; those of a folder or pattern in alphabetical order. A file that is named needs
    no ending of an image.

    Raises:
        FileNotFoundError: no such file or folder, or nothing fits a pattern.
        ValueError: a folder without images.
    """
    found = {}
    for name in map(os.fspath, names):
        if os.path.isdir(name):
            files = [os.path.join(name, each) for each in find_images(name, on_error='skip')]
            if not files:
                raise ValueError(f'there are no images in the folder {name}, at any depth')
        elif os.path.exists(name):
            files = [name]
        else:
            files = sorted(each for each in glob.glob(name, recursive=True) if os.path.isfile(each))
            if not files:
                raise FileNotFoundError(f'photo {name} does not exist (looked for from {os.getcwd()}): give files, '
                                        'folders, or patterns such as "photos/*.jpg"')
        for file in files:
            found.setdefault(os.path.abspath(file), file)
    return list(found.values())


def common_folder(names, files):
    """The folder that the names of ``files`` are told from: that of ``names`` if it is one, else the deepest that holds
    them all."""
    if len(names) == 1 and os.path.isdir(names[0]):
        return os.path.abspath(names[0])
    return os.path.commonpath([os.path.dirname(os.path.abspath(file)) for file in files])


def bags_of(files):
    """Bags of photos: folder -> the files that lie in it."""
    bags = {}
    for file in files:
        bags.setdefault(os.path.dirname(file) or '.', []).append(file)
    return bags


class CenterSquare:
    """Cut the central square of a photo and resize it to ``size`` x ``size``, as in-memory data sets do."""

    def __init__(self, size):
        self.fit = fit_center_square(size)

    def __call__(self, results):
        image = load_image(results)
        height, width = image.shape[:2]
        side = min(height, width)
        left, top = (width - side) // 2 / width, (height - side) // 2 / height
        results['region'] = left, top, left + side / width, top + side / height
        results['image'] = self.fit(image, results['path'])
        return results


class Photos(FileDataset):
    """Photos without labels, as a network takes them.

    Items have as meta information of ``data_samples``, beside ``path``: ``ori_shape`` (height, width) of the photo,
    upright; ``scale_factor`` (x, y) of a resizing of the whole; and ``region``, the part of the photo that ``inputs``
    shows: left, top, right, bottom as shares of its width and height. A photo that cannot be read is an item
    ``dict(errors={path: message})``.

    Args:
        photos: files, and arrays uint8 (H, W, 3) RGB.
        pipeline, value_range: see :class:`FileDataset`.
        gray: make one channel of the three.

    Raises:
        ValueError: no photos, or an array that is no photo.
    """

    def __init__(self, photos, pipeline=None, gray=False, value_range=None):
        self.arrays, paths = {}, []
        for number, photo in enumerate(photos):
            if isinstance(photo, (str, os.PathLike)):
                paths.append(os.fspath(photo))
                continue
            array = np.asarray(photo)
            if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
                raise ValueError(f'photo {number} is {array.dtype} of shape {array.shape}; give a path, or an array '
                                 'uint8 (H, W, 3), RGB')
            self.arrays[number] = np.ascontiguousarray(array)
            paths.append(f'photo {number}')
        self.gray = gray
        super().__init__(paths, pipeline=pipeline, supervision='none', value_range=value_range)

    def describe(self, index):
        results = super().describe(index)
        return dict(results, image=self.arrays[index]) if index in self.arrays else results

    def __getitem__(self, index):
        limit_worker_threads()
        try:
            results = self.load(index)
            size = self._size(index, results)
        except (ImageError, OSError) as error:
            return dict(errors={self.paths[index]: str(error)})
        sample = self.loaded_sample(index, results)
        sample.set_metainfo(dict(ori_shape=size, scale_factor=tuple(results.get('scale_factor', (1.0, 1.0))),
                                 region=tuple(results.get('region', WHOLE))))
        inputs = results['inputs']
        if isinstance(inputs, list) and len(inputs) == 1:
            inputs = inputs[0]
        if isinstance(inputs, list):
            raise ValueError(f'the pipeline makes {len(inputs)} views of a photo where one is needed; give one that '
                             'makes one (ResizeCenterCrop, ResizeToSquare, ResizeShortEdge)')
        if self.gray:
            inputs = torch.from_numpy(cv2.cvtColor(inputs.permute(1, 2, 0).numpy(), cv2.COLOR_RGB2GRAY))[None]
        return dict(inputs=inputs, data_samples=sample)

    def _size(self, index, results):
        """(height, width) of the photo itself."""
        if index in self.arrays:
            return tuple(self.arrays[index].shape[:2])
        if 'ori_shape' in results:
            return tuple(results['ori_shape'])
        return tuple(image_size(self.paths[index])[::-1])


class PhotoBags(Dataset):
    """Bags of photos without labels; ``inputs`` (N, C, H, W), and ``members``, their paths, as meta information.

    Members that cannot be read are left out of their bag and named in the item's ``errors``; a bag of which none is
    left has no ``inputs``.

    Args:
        bags: lists of photos; see :class:`Photos`, also for ``settings``.

    Raises:
        ValueError: an empty bag, and as :class:`Photos`; from an item: members of different sizes.
    """

    def __init__(self, bags, **settings):
        if not all(len(bag) for bag in bags):
            raise ValueError('a bag has no photos; leave it out')
        self.photos = Photos([photo for bag in bags for photo in bag], **settings)
        self.starts = np.cumsum([0, *map(len, bags)]).tolist()

    def __len__(self):
        return len(self.starts) - 1

    def __getitem__(self, index):
        items = [self.photos[number] for number in range(*self.starts[index:index + 2])]
        errors = {path: text for item in items for path, text in item.get('errors', {}).items()}
        members = [item for item in items if 'inputs' in item]
        if not members:
            return dict(errors=errors)
        sample = DataSample(index=torch.tensor(index))
        sample.set_metainfo(dict(members=[item['data_samples'].path for item in members]))
        inputs = collate_batch([dict(item, data_samples=DataSample()) for item in members])['inputs']
        return dict(inputs=inputs, data_samples=sample, errors=errors)


class CollateReadable:
    """Batches of those items that could be read.

    Called with a list of items it gives the errors of the others, a dict of path and message, and a list of pairs: the
    samples as the data set gave them, and the batch. There are several batches where images must be of one size, and
    are not.

    Args:
        collate: what makes a batch of items.
    """

    def __init__(self, collate):
        self.collate = collate

    def __call__(self, items):
        errors, groups = {}, {}
        for item in items:
            errors |= item.get('errors', {})
            if 'inputs' in item:
                shape = tuple(item['inputs'].shape) if self.collate is collate_batch else None
                groups.setdefault(shape, []).append({key: item[key] for key in ('inputs', 'data_samples')})
        return errors, [([item['data_samples'].clone() for item in group], self.collate(group))
                        for group in groups.values()]


def in_photo(sample):
    """The sample with its maps, which are of the network's input, in pixels of the photo: 0 where it did not look."""
    if 'pred_maps' not in sample:
        return sample
    maps, (height, width) = sample.pred_maps, sample.ori_shape
    if 'img_shape' in sample.metainfo:  # the rest is padding
        maps = maps[:, :sample.img_shape[0], :sample.img_shape[1]]
    left, top, right, bottom = region_in_pixels(sample)
    inside = F.interpolate(maps[None].float(), size=(max(bottom - top, 1), max(right - left, 1)), mode='bilinear',
                           align_corners=False)[0]
    sample.pred_maps = F.pad(inside, (left, width - right, top, height - bottom))
    return sample


def region_in_pixels(sample):
    """The part of the photo that the network sees, left, top, right, bottom in whole pixels."""
    return [round(share * side) for share, side in zip(sample.region, sample.ori_shape[::-1] * 2, strict=True)]
