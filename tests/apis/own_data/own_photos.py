"""Photos of different sizes that a user could have, in forms that are read, small enough to be made in a test."""

import numpy as np
from PIL import Image


def write_photo(path, seed, size=None):
    """A photo of smooth colors; of ``size`` (width, height), else of a size of its own."""
    rng = np.random.default_rng(seed)
    width, height = size or rng.integers(40, 90, 2).tolist()
    path.parent.mkdir(parents=True, exist_ok=True)
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    small.resize((width, height), Image.Resampling.BILINEAR).save(path)
    return path


def photo_folder(root, count=16):
    """``count`` photos without labels, some of them in a folder below."""
    for number in range(count):
        write_photo(root / ('below' if number % 3 == 0 else '.') / f'{number:02d}.png', number)
    return root


def class_folders(root, classes=('cat', 'dog', 'owl'), count=6):
    """``CLASS/NUMBER.png``, ``count`` of each class."""
    for number, name in enumerate(classes):
        for photo in range(count):
            write_photo(root / name / f'{name}{photo}.png', 100 * number + photo)
    return root
