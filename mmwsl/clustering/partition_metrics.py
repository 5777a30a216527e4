"""How well a partition agrees with the truth: pairwise and BCubed precision, recall, F, and NMI, of one contingency."""

from collections.abc import Iterator

import numpy as np

PENDING = 2**22  # items that wait before they are counted


class Contingency:
    """Counts of (cluster, class) of items that come in chunks; it grows with the pairs that occur, not with the items.

    Items whose class is -1 (unknown) are left out before anything is counted, those whose cluster is -1 (unassigned)
    are kept apart: :meth:`scores` counts them either way.
    """

    def __init__(self) -> None:
        self._table = _count(*np.zeros((3, 0), np.int64))  # clusters, classes, counts
        self._pending: list[tuple[np.ndarray, np.ndarray]] = []
        self._waiting = 0

    def add(self, pred: np.ndarray, target: np.ndarray) -> None:
        """Count a chunk of items.

        Args:
            pred: (n,) integers, the clusters; -1 = unassigned.
            target: (n,) integers, the classes; -1 = unknown.

        Raises:
            ValueError: of different lengths, no integers, or below -1.
        """
        pred, target = np.asarray(pred), np.asarray(target)
        if pred.shape != target.shape or pred.ndim != 1:
            raise ValueError(f'a partition of shape {pred.shape} and a truth of shape {target.shape} are not of the '
                             'same items: give two lists of one length')
        for name, numbers in (('partition', pred), ('truth', target)):
            if not np.issubdtype(numbers.dtype, np.integer):
                raise ValueError(f'the {name} is of type {numbers.dtype}, not of integers: convert it, e.g. by '
                                 '.astype(numpy.int64)')
            if len(numbers) and numbers.min() < -1:
                raise ValueError(f'the {name} has the number {numbers.min()}: only -1 (unassigned, unknown) and '
                                 'numbers from 0 are allowed')
        known = target >= 0
        self._pending.append((pred[known].astype(np.int64), target[known].astype(np.int64)))
        self._waiting += len(self._pending[-1][0])
        if self._waiting > max(PENDING, 2 * len(self._table[0])):
            self._merge()

    def _merge(self) -> None:
        if self._pending:
            pred, target = (np.concatenate(each) for each in zip(*self._pending, strict=True))
            clusters, classes, counts = self._table
            self._table = _count(np.concatenate([clusters, pred]), np.concatenate([classes, target]),
                                 np.concatenate([counts, np.ones(len(pred), np.int64)]))
            self._pending, self._waiting = [], 0

    def scores(self, singletons: str = 'kept') -> dict[str, float]:
        """Metric values of all items so far.

        Args:
            singletons: ``'kept'``: an unassigned item is a cluster of its own, as in published tables; ``'removed'``:
                items that are unassigned or alone in their cluster are left out, also of their classes.

        Returns:
            dict: ``pairwise_precision``, ``pairwise_recall``, ``pairwise_f`` (over pairs of items: those in one
            cluster, those of one class), ``bcubed_precision``, ``bcubed_recall``, ``bcubed_f`` (mean over items),
            ``nmi`` (with the arithmetic mean of the entropies); 0 to 1. A share of nothing (no two items in a cluster)
            is 0. ``items`` is how many were counted.

        Raises:
            ValueError: another word than those.
        """
        if singletons not in ('kept', 'removed'):
            raise ValueError(f"singletons={singletons!r} is unknown; choose 'kept' or 'removed'")
        self._merge()
        clusters, classes, counts = self._table
        assigned = clusters >= 0
        alone = np.zeros(0, np.int64)  # class of each unassigned item
        if singletons == 'kept':
            alone = np.repeat(classes[~assigned], counts[~assigned])
        clusters, classes, counts = clusters[assigned], classes[assigned], counts[assigned]
        rows = np.unique(clusters, return_inverse=True)[1]
        if singletons == 'removed':
            several = _sums(rows, counts)[rows] > 1
            clusters, classes, counts = clusters[several], classes[several], counts[several]
            rows = np.unique(clusters, return_inverse=True)[1]
        clusters_used = int(rows.max()) + 1 if len(rows) else 0
        rows = np.concatenate([rows, clusters_used + np.arange(len(alone))])
        columns = np.unique(np.concatenate([classes, alone]), return_inverse=True)[1]
        return _scores(rows, columns, np.concatenate([counts, np.ones(len(alone), np.int64)]))


def partition_scores(pred: np.ndarray, target: np.ndarray, singletons: str = 'kept') -> dict[str, float]:
    """Metric values of a partition (N,) against classes (N,), see :meth:`Contingency.scores`.

    Raises:
        ValueError: see :meth:`Contingency.add`.
    """
    table = Contingency()
    pred, target = np.asarray(pred), np.asarray(target)
    for part_of_pred, part_of_target in _chunks(pred, target):
        table.add(part_of_pred, part_of_target)
    return table.scores(singletons)


def partition_sizes(pred: np.ndarray) -> dict[str, int]:
    """What a partition (N,) consists of: ``clusters``, ``largest``, ``singletons``, ``unassigned``.

    ``clusters`` includes the singletons (clusters of one item), but no unassigned item.
    """
    pred = np.asarray(pred)
    sizes = np.unique(pred[pred >= 0], return_counts=True)[1]
    return dict(clusters=len(sizes), largest=int(sizes.max(initial=0)), singletons=int((sizes == 1).sum()),
                unassigned=int((pred < 0).sum()))


def _chunks(pred: np.ndarray, target: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    if pred.shape != target.shape or pred.ndim != 1:
        yield pred, target  # refused there
    for start in range(0, len(pred), PENDING):
        yield pred[start:start + PENDING], target[start:start + PENDING]


def _count(first: np.ndarray, second: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct pairs of numbers in ascending order, and the sums of their counts."""
    order = np.lexsort((second, first))
    first, second, counts = first[order], second[order], counts[order]
    new = np.ones(len(first), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    starts = np.flatnonzero(new)
    return first[new], second[new], np.add.reduceat(counts, starts) if len(starts) else counts


def _sums(numbers: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum of the counts of each number, int64: a float would lose some above 2**53."""
    sums = np.zeros(int(numbers.max()) + 1 if len(numbers) else 0, np.int64)
    np.add.at(sums, numbers, counts)
    return sums


def _f(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _scores(rows: np.ndarray, columns: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    of_row, of_column = _sums(rows, counts), _sums(columns, counts)
    total = int(counts.sum())
    if not total:
        names = [f'{kind}_{part}' for kind in ('pairwise', 'bcubed') for part in ('precision', 'recall', 'f')]
        return {**dict.fromkeys(names, 0.0), 'nmi': 0.0, 'items': 0}
    # ordered pairs of different items: in one cluster and class, in one cluster, of one class
    both, in_cluster, in_class = (int((sizes**2).sum()) - total for sizes in (counts, of_row, of_column))
    precision, recall = both / in_cluster if in_cluster else 0.0, both / in_class if in_class else 0.0
    squares = counts.astype(np.float64)**2
    bcubed_precision = float((squares / of_row[rows]).sum() / total)
    bcubed_recall = float((squares / of_column[columns]).sum() / total)

    def entropy(sizes: np.ndarray) -> float:
        return float(-(sizes / total * np.log(sizes / total)).sum())

    apart = of_row[rows].astype(np.float64) * of_column[columns]
    information = float((counts / total * np.log(counts * float(total) / apart)).sum())
    scale = (entropy(of_row) + entropy(of_column)) / 2
    nmi = min(max(information / scale, 0.0), 1.0) if scale > 0 else 1.0  # one cluster and one class: the same
    return dict(pairwise_precision=precision, pairwise_recall=recall, pairwise_f=_f(precision, recall),
                bcubed_precision=bcubed_precision, bcubed_recall=bcubed_recall,
                bcubed_f=_f(bcubed_precision, bcubed_recall), nmi=nmi, items=total)
