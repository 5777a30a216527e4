"""CIFAR-10 and CIFAR-100, from the official files or from folders of images."""

from pathlib import Path

import torch

from mmwsl.datasets.base import InMemoryDataset
from mmwsl.datasets.readers.cifar_files import SIDE, read_batches, read_binaries, read_image_folders, read_pickle
from mmwsl.files import read_lines
from mmwsl.registry import DATASETS

CIFAR10_CLASSES = ('airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck')


class _Cifar(InMemoryDataset):
    """What CIFAR-10 and CIFAR-100 share: finding out which layout is there."""

    side = SIDE  # of the images, in pixels
    num_classes = 0
    class_names = None  # where the official files need not be asked
    pickle_folder = binary_folder = ''

    def __init__(self, data_root, split='train', supervision='image', max_images=None, cache=True):
        name = type(self).__name__
        if split not in ('train', 'test'):
            raise ValueError(f"{name}: split={split!r} is unknown; choose 'train' or 'test'")
        root = Path(data_root)
        if not root.is_dir():
            raise FileNotFoundError(self._expected(root, 'does not exist'))
        for reader, folder in ((self._read_pickles, self.pickle_folder), (self._read_binaries, self.binary_folder)):
            path = root if root.name == folder else root / folder
            if path.is_dir():
                images, labels, classes = reader(path, split)
                break
        else:
            if not (root / split).is_dir():
                raise FileNotFoundError(self._expected(root, f'has none of them ({self._listing(root)})'))
            images, labels, classes = self._read_folders(root, split, cache)
        super().__init__(torch.from_numpy(images), labels, classes, supervision, max_images)

    def _read_folders(self, root, split, cache):
        return read_image_folders(root, split, self.num_classes, self.class_names, cache)

    def _expected(self, root, problem):
        return (f'{type(self).__name__}: {root} {problem} (looked for from {Path.cwd()}). One of these must be there: '
                f'{self.pickle_folder}/ (official, Python), {self.binary_folder}/ (official, binary), or '
                'train/<class>/*.jpg and test/<class>/*.jpg. Unpack the data there, or correct data_root')

    @staticmethod
    def _listing(root):
        names = sorted(entry.name for entry in root.iterdir())
        return f'there is {", ".join(names[:8])}' if names else 'it is empty'


@DATASETS.register_module()
class CIFAR10(_Cifar):
    """CIFAR-10: 50,000 training and 10,000 test images of 32 x 32 pixels in 10 classes, in memory.

    ``data_root`` has one of three layouts; the first that is found is read: ``cifar-10-batches-py/`` (official pickles,
    of which only arrays, lists and strings are read), ``cifar-10-batches-bin/`` (official binary files), or
    ``{train,test}/<class>/*.jpg`` (or png). It may also be one of the first two folders itself. Official images keep
    the files' order; folders are read in the alphabetical order of class and file name, decoded once and kept beside
    the data. Classes have the same numbers in all three, the official ones: alphabetical.

    Args:
        data_root: the folder.
        split: ``'train'`` or ``'test'``.
        supervision, max_images: see :class:`InMemoryDataset`.
        cache: keep what was decoded from folders; False decodes each time.

    Raises:
        FileNotFoundError: none of the layouts is there, or a file of it is missing.
        ValueError: a damaged file, other class folders than expected, or an image of another size.
        ImageError: an image cannot be decoded.
    """

    num_classes = 10
    class_names = CIFAR10_CLASSES
    pickle_folder = 'cifar-10-batches-py'
    binary_folder = 'cifar-10-batches-bin'

    def __init__(self, data_root='data/cifar10', split='train', supervision='image', max_images=None, cache=True):
        super().__init__(data_root, split, supervision, max_images, cache)

    @staticmethod
    def _batches(split):
        return [f'data_batch_{number}' for number in range(1, 6)] if split == 'train' else ['test_batch']

    def _read_pickles(self, folder, split):
        images, labels = read_batches([folder / name for name in self._batches(split)], 'labels')
        return images, labels, CIFAR10_CLASSES

    def _read_binaries(self, folder, split):
        images, labels = read_binaries([folder / f'{name}.bin' for name in self._batches(split)], 1, 0)
        return images, labels, CIFAR10_CLASSES


@DATASETS.register_module()
class CIFAR100(_Cifar):
    """CIFAR-100: 50,000 training and 10,000 test images of 32 x 32 pixels in 100 classes, in memory.

    Layouts as :class:`CIFAR10`: ``cifar-100-python/``, ``cifar-100-binary/``, or class folders.

    Args:
        coarse: take the 20 superclasses; not possible with class folders.
        data_root, split, supervision, max_images, cache: see :class:`CIFAR10`.

    Raises:
        As :class:`CIFAR10`.
    """

    num_classes = 100
    pickle_folder = 'cifar-100-python'
    binary_folder = 'cifar-100-binary'

    def __init__(self, data_root='data/cifar100', split='train', supervision='image', max_images=None, cache=True,
                 coarse=False):
        self.coarse = coarse
        super().__init__(data_root, split, supervision, max_images, cache)

    def _read_pickles(self, folder, split):
        level = 'coarse' if self.coarse else 'fine'
        images, labels = read_batches([folder / split], f'{level}_labels')
        names = read_pickle(folder / 'meta').get(f'{level}_label_names')
        if not names:
            raise ValueError(f'CIFAR file {folder / "meta"} has no {level}_label_names; unpack the official archive '
                             'again')
        return images, labels, [name.decode() if isinstance(name, bytes) else name for name in names]

    def _read_binaries(self, folder, split):
        level = 'coarse' if self.coarse else 'fine'
        images, labels = read_binaries([folder / f'{split}.bin'], 2, 0 if self.coarse else 1)
        meta = folder / f'{level}_label_names.txt'
        if not meta.is_file():
            raise FileNotFoundError(f'CIFAR file {meta} is missing; unpack the official archive again')
        return images, labels, [line.strip() for line in read_lines(meta) if line.strip()]

    def _read_folders(self, root, split, cache):
        if self.coarse:
            raise ValueError(f'CIFAR100: coarse=True needs the official files, {root} has class folders; they do not '
                             'say which superclass a class belongs to')
        return super()._read_folders(root, split, cache)
