"""iNaturalist: a list file from its JSON."""

import json
from pathlib import Path

from mmwsl.datasets.prepare.files import inner_path
from mmwsl.files import check_writable, write_atomically


def inaturalist(annotations, out):
    """A list file of iNaturalist's JSON, for :class:`mmwsl.datasets.ImageList`: lines of ``path class``.

    Between them is a tab where the path has a comma.

    Args:
        annotations: ``train2018.json`` or ``val2018.json``.
        out: list file to write.

    Returns:
        tuple: numbers of images and of classes.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a JSON, two images of one number or name, an image without exactly one class, a class that
            is not listed, or a path that leads out of the folder.
        OSError: ``out`` cannot be written.
    """
    out = check_writable(out)
    if not Path(annotations).is_file():
        raise FileNotFoundError(f'{annotations} does not exist')
    try:
        content = json.loads(Path(annotations).read_text(encoding='utf-8'))
        files = {image['id']: image['file_name'] for image in content['images']}
        pairs = [(each['image_id'], each['category_id']) for each in content['annotations']]
        known = {category['id'] for category in content['categories']}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f'{annotations} is not an annotation file with images, annotations and categories: '
                         f'{error!r}') from error
    labels = dict(pairs)
    names = set(files.values())
    if len(names) != len(content['images']):
        raise ValueError(f'{annotations}: {len(content["images"])} images have {len(names)} numbers and names; give '
                         'each its own')
    if not files or not known:
        raise ValueError(f'{annotations} lists {len(files)} images and {len(known)} categories; is the download '
                         'complete?')
    if len(pairs) != len(labels) or set(labels) != set(files):
        raise ValueError(f'{annotations}: {len(files)} images, {len(pairs)} annotations of {len(labels)} images; every '
                         'image must have exactly one')
    if set(labels.values()) - known or min(known) < 0 or max(known) >= len(known):
        raise ValueError(f'{annotations}: classes must be numbered from 0 to {len(known) - 1}, as its categories are')
    names = {image: inner_path(files[image], annotations, folders=True) for image in sorted(files)}
    lines = [name + ('\t' if ',' in name else ' ') + str(labels[image]) for image, name in names.items()]
    write_atomically(out, '\n'.join(lines) + '\n')
    return len(lines), len(known)
