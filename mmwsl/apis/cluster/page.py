"""What the page of a clustering shows: sizes, the largest clusters, their photos and their purity."""

from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.clustering import LONELY, MISLABELED, find_unclean
from mmwsl.datasets.file_dataset import fit_center_square
from mmwsl.datasets.readers.folder import find_images
from mmwsl.datasets.transforms.decode import ImageError, read_image
from mmwsl.files import read_lines, write_atomically

CLUSTERS, PHOTOS, SIDE, COLUMNS = 24, 24, 64, 12  # shown, and of a contact sheet
NAMED = ('paths', 'photo')  # arrays of an .npz that name photos
REASONS = {LONELY: 'lonely', MISLABELED: 'mislabeled'}


def photo_paths(photos: Path | str | None, features: Path | str, count: int) -> list[Path] | None:
    """The photo of each of N items, or None where nothing names them.

    Raises:
        FileNotFoundError: ``photos`` does not exist.
        ValueError: it names another number of photos.
    """
    if photos is None:
        return _named_in(features, count)
    root = Path(photos)
    if root.is_dir():
        names = find_images(root, on_error='skip')
    elif root.is_file():
        names, root = [line for line in read_lines(root) if line.strip()], root.parent
    else:
        raise FileNotFoundError(f'{photos} does not exist; --photos takes a folder, or a text file with a photo a line')
    if len(names) != count:
        raise ValueError(f'{photos} has {len(names)} photos for {count} items: there must be one an item, in order')
    return [root / name for name in names]


def _named_in(features: Path | str, count: int) -> list[Path] | None:
    if Path(features).suffix != '.npz':
        return None
    with np.load(features, allow_pickle=False) as file:
        names = next((file[name] for name in NAMED if name in file.files), None)
    if names is None or len(names) != count or not Path(str(names[0])).is_file():  # or below a folder that is not told
        return None
    return [Path(str(name)) for name in names]


def cluster_findings(report: dict[str, Any], labels: np.ndarray, classes: np.ndarray | None,
                     photos: list[Path] | None, name: str) -> dict[str, Any]:
    """What :func:`mmwsl.reporting.cluster_page.write_cluster_page` shows of a clustering.

    Args:
        report: of :func:`mmwsl.apis.cluster.cluster`.
        labels: (N,) clusters.
        classes: (N,) truth, or None.
        photos: of each item, or None.
        name: of the features.
    """
    order = np.argsort(labels, kind='stable')
    used, starts, sizes = np.unique(labels[order], return_index=True, return_counts=True)
    assigned = used >= 0
    used, starts, sizes = used[assigned], starts[assigned], sizes[assigned]
    shown = np.argsort(-sizes, kind='stable')[:CLUSTERS]
    clusters = []
    for number in shown:
        members = order[starts[number]:starts[number] + sizes[number]]
        clusters.append(dict(id=int(used[number]), size=int(sizes[number]), **_purity(members, classes),
                             sheet=None if photos is None else _sheet([photos[item] for item in members[:PHOTOS]])))
    return dict(title=f'{name}: {report["sizes"]["clusters"]:,} clusters of {len(labels):,} items', report=report,
                unclean=_unclean(labels, classes, photos), histogram=_histogram(sizes), clusters=clusters,
                shown_photos=PHOTOS)


def _unclean(labels: np.ndarray, classes: np.ndarray | None, photos: list[Path] | None) -> list[dict[str, Any]]:
    """What a cleaner would drop, by the reason: how many items, and a sheet of some, evenly spaced."""
    if classes is None:
        return []
    reasons, found = find_unclean(labels, classes), []
    for reason, name in REASONS.items():
        items = np.flatnonzero(reasons == reason)
        some = items[np.linspace(0, max(len(items) - 1, 0), min(len(items), PHOTOS)).astype(int)]
        found.append(dict(reason=name, items=len(items), sheet=None if photos is None or not len(items) else _sheet(
            [photos[item] for item in some])))
    return found


def write_unclean(path: Path | str, labels: np.ndarray, classes: np.ndarray | None,
                  photos: list[Path] | None) -> int:
    """Write the items that a cleaner would drop as CSV (``item``, ``photo``, ``cluster``, ``reason``), and count them.

    Args:
        path: file to write.
        labels: (N,) clusters.
        classes: (N,) what the items are said to be; None = nothing, then only what is lonely is dropped.
        photos: of each item, or None.
    """
    import csv
    import io
    reasons = find_unclean(labels, classes)
    items, text = np.flatnonzero(reasons), io.StringIO()
    table = csv.writer(text, lineterminator='\n')
    table.writerow(['item', 'photo', 'cluster', 'reason'])
    for item in items:
        table.writerow([item, '' if photos is None else photos[item], labels[item], REASONS[int(reasons[item])]])
    write_atomically(path, text.getvalue())
    return len(items)


def _purity(members: np.ndarray, classes: np.ndarray | None) -> dict[str, Any]:
    """Share of the most frequent class among those whose class is known, and that class."""
    known = np.zeros(0, np.int64) if classes is None else classes[members][classes[members] >= 0]
    if not len(known):
        return dict(purity=None, main=None, classes=None)
    names, counts = np.unique(known, return_counts=True)
    return dict(purity=float(counts.max() / len(known)), main=int(names[counts.argmax()]), classes=len(names))


def _histogram(sizes: np.ndarray) -> list[dict[str, Any]]:
    """Clusters and items by powers of two of the size."""
    powers = np.floor(np.log2(sizes)).astype(int)
    rows = []
    for power in range(int(powers.max(initial=-1)) + 1):
        inside = powers == power
        low, high = 2**power, 2**(power + 1) - 1
        rows.append(dict(sizes=str(low) if low == high else f'{low:,} to {high:,}', clusters=int(inside.sum()),
                         items=int(sizes[inside].sum())))
    return rows


def _sheet(paths: list[Path]) -> np.ndarray:
    """Contact sheet, uint8 (H, W, 3), of photos' central squares; grey where one cannot be read."""
    rows = -(-len(paths) // COLUMNS)
    sheet = np.full((rows * SIDE, min(COLUMNS, len(paths)) * SIDE, 3), 128, np.uint8)
    fit = fit_center_square(SIDE)
    for number, path in enumerate(paths):
        top, left = (each * SIDE for each in divmod(number, COLUMNS))
        try:
            sheet[top:top + SIDE, left:left + SIDE] = fit(read_image(path), path)
        except (ImageError, OSError):
            continue
    return sheet
