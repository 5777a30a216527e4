"""Photos of different sizes that a user could have, in forms that are read, small enough to be made in a test."""

import json

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


def tagged_boxes(root, count=10):
    """``instances.json`` beside ``images``: a bright square (cat) at the left of each photo, a dark one (dog) at the
    right of two of three; every fifth photo has a dog alone."""
    images, objects = [], []
    for number in range(count):
        width, height = 80 + number, 60
        path = write_photo(root / 'images' / f'{number:02d}.png', number, (width, height))
        pixels = np.array(Image.open(path))
        present = [(0, (5, 10), 250)] if number % 5 else []
        present += [(1, (45, 30), 5)] if number % 3 or not number % 5 else []
        images.append(dict(id=number, file_name=path.name, width=width, height=height))
        for kind, (x, y), value in present:
            pixels[y:y + 20, x:x + 25] = value
            objects.append(dict(id=len(objects) + 1, image_id=number, category_id=kind + 1, bbox=[x, y, 25, 20],
                                area=500, iscrowd=0))
        Image.fromarray(pixels).save(path)
    categories = [dict(id=1, name='cat'), dict(id=2, name='dog')]
    (root / 'instances.json').write_text(json.dumps(dict(images=images, annotations=objects, categories=categories)))
    return root


def class_maps(root, count=10):
    """``images`` and ``masks`` of equal names with values 0, 1 (road) and 2 (car), and ``classes.txt``."""
    for number in range(count):
        path = write_photo(root / 'images' / f'{number:02d}.png', number, (64, 48))
        values = np.zeros((48, 64), dtype=np.uint8)
        values[30:] = 1
        values[20:40, 10:30] = 2 if number % 4 else 1
        (root / 'masks').mkdir(exist_ok=True)
        Image.fromarray(values).save(root / 'masks' / path.name)
    (root / 'classes.txt').write_text('background\nroad\ncar\n')
    return root
