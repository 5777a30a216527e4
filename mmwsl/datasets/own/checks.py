"""Whether photos fit the boxes and class maps that own labels give them, by their headers, before any training."""

from typing import Any

from mmwsl.datasets.base import evenly_spaced
from mmwsl.datasets.checks import fit_boxes, frame
from mmwsl.datasets.own.records import Records
from mmwsl.datasets.transforms.decode import ImageError, image_header

MOST_HEADERS = 20000  # of more photos an even sample is read


def check_sizes(records: Records) -> None:
    """Compare the size of each photo with that of its labels, and its boxes with both; photos without these pass.

    Raises:
        ValueError: some do not fit, or cannot be read; it says how many, and the first five.
    """
    annotations = records.annotations or []
    rows = [row for row, each in enumerate(annotations) if 'boxes' in each or 'class_map' in each]
    rows = [rows[position] for position in evenly_spaced(len(rows), MOST_HEADERS).tolist()]
    faults = [fault for fault in (_fault(records.paths[row], annotations[row]) for row in rows) if fault]
    if faults:
        raise ValueError(f'{records.source}: {len(faults)} of {len(rows)} photos do not fit their labels:\n  '
                         + '\n  '.join(faults[:5]))


def _fault(path: str, annotation: dict[str, Any]) -> str | None:
    recorded = []
    source = annotation.get('source', 'its labels')
    try:
        if annotation.get('size') is not None:
            recorded.append((source, annotation['size']))
        if 'class_map' in annotation:
            recorded.append((annotation['class_map'], image_header(annotation['class_map'])[0]))
        _, size = frame(path, recorded)
        if 'boxes' in annotation:
            names = annotation.get('objects') or range(1, len(annotation['boxes']) + 1)
            fit_boxes(annotation['boxes'], size, names)
    except (ImageError, OSError) as error:
        text = str(error)
        return text if path in text else f'{path}: {source}: {text}'
    return None
