"""What trained graph networks say of whole graphs: exact, piece by piece, so that the memory of a step is bounded."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from mmwsl.clustering import KNNGraph, Pairs, unique_pairs
from mmwsl.clustering.learned import Proposals, find_peaks, row_normalized, symmetric_adjacency
from mmwsl.datasets import ConnectivityPieces, PivotPieces, ProposalPieces, collate_graphs
from mmwsl.datasets.graphs import Items
from mmwsl.datasets.graphs.nodes import ROWS, node_rows
from mmwsl.progress import progress_bar

ENTRIES = 2**22  # of the adjacency of a batch of pieces


@torch.no_grad()
def infer_confidence(model: Any, items: Items, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Hidden features (N, C) and confidence (N,) of all nodes by a GCN-V, float32.

    Args:
        model: a :class:`mmwsl.models.graph.GCNV`, in eval mode.
        items: features and graph.
        rows: nodes at a time; the result does not depend on them but for rounding.
    """
    adjacency = row_normalized(symmetric_adjacency(items.graph))
    count, device = len(items.features), next(model.parameters()).device
    hidden, confidence = np.empty((count, model.conv.out_features), np.float32), np.empty(count, np.float32)
    with progress_bar(description='confidence', total=count, unit='node') as bar:
        for start in range(0, count, rows):
            part = torch.from_numpy(node_rows(items.features, adjacency, start, start + rows)).to(device)
            embedded = model.embed(part)
            hidden[start:start + rows] = embedded.cpu().numpy()
            confidence[start:start + rows] = model.head(embedded)[:, 0].cpu().numpy()
            bar.update(len(part))
    return hidden, confidence


def infer_peaks(model: Any, items: Items, confidence: np.ndarray, ignore_ratio: float = 0.8,
                entries: int = ENTRIES) -> np.ndarray:
    """The neighbor (N,) that each node is joined to by a GCN-E, -1 = none.

    Of a confident node it is the candidate with the highest probability, of equal ones the lowest number; of others,
    and where there is no candidate, what :func:`mmwsl.clustering.learned.find_peaks` says.

    Args:
        model: a :class:`mmwsl.models.graph.GCNE`, in eval mode.
        items: hidden features and a graph of them.
        confidence: (N,).
        ignore_ratio: share of the nodes, the least confident ones, that the network is not asked about.
        entries: of the adjacencies at a time.
    """
    peaks = find_peaks(items.graph, confidence, -1)
    pieces = ConnectivityPieces(items.features, items.graph, None, confidence, ignore_ratio)
    for index, logits in enumerate(run_pieces(model, pieces, 'connectivity', entries)):
        nodes = pieces.piece(index).nodes
        scores = logits[:, 1] - logits[:, 0]
        peaks[pieces.nodes[index]] = nodes[scores == scores.max()].min()
    return peaks


def infer_scores(model: Any, items: Items, proposals: Proposals, entries: int = ENTRIES) -> np.ndarray:
    """Score (P,) of each proposal by a :class:`mmwsl.models.graph.GCND`; other arguments as above."""
    pieces = ProposalPieces(items.features, items.graph, None, proposals)
    return np.array([float(score) for score in run_pieces(model, pieces, 'proposals', entries)], np.float32)


def infer_members(model: Any, items: Items, proposals: Proposals, chosen: np.ndarray,
                  entries: int = ENTRIES) -> np.ndarray:
    """Which members (M,) a :class:`mmwsl.models.graph.GCNS` keeps: those of their seed's class, with more than a half.

    The seed is the member that hangs together most with the others. It is kept itself.

    Args:
        model: in eval mode.
        items: features and graph.
        proposals: of the items.
        chosen: (P,) Booleans: proposals to look at; the others keep all members.
        entries: of the adjacencies at a time.
    """
    kept = np.ones(len(proposals.members), bool)
    if not chosen.any():
        return kept
    pieces = ProposalPieces(items.features, items.graph, None, proposals, 'nodes')
    pieces.numbers = np.flatnonzero(chosen)
    for number, logits in zip(pieces.numbers, run_pieces(model, pieces, 'segments', entries), strict=True):
        inside = logits[:, 1] > logits[:, 0]
        inside[pieces.central(proposals.of(number))] = True
        kept[proposals.starts[number]:proposals.starts[number + 1]] = inside
    return kept


def infer_links(model: Any, items: Items, hops: tuple[int, int], active: int, entries: int = ENTRIES) -> Pairs:
    """Pairs of each node with its neighbors, scored by a :class:`mmwsl.models.graph.LGCN`; the mean, where both ask."""
    pieces = PivotPieces(items.features, items.graph, None, hops, active)
    count, near = len(items.features), items.graph.ids[:, :hops[0]]
    probability = np.zeros(near.shape, np.float64)
    for node, logits in zip(pieces.nodes, run_pieces(model, pieces, 'links', entries), strict=True):
        there = near[node] >= 0
        each = logits[:there.sum()].astype(np.float64)
        probability[node, there] = 1 / (1 + np.exp(each[:, 0] - each[:, 1]))
    return mean_pairs(KNNGraph(near, probability), count)


def mean_pairs(graph: KNNGraph, count: int) -> Pairs:
    """Each pair of a graph once, with the mean of its scores."""
    rows, columns = np.nonzero(graph.ids >= 0)
    source, target = rows.astype(np.int64), np.asarray(graph.ids[rows, columns], np.int64)
    scores = np.asarray(graph.similarities[rows, columns], np.float64)
    pairs = unique_pairs(source, target, scores, count)
    keys = pairs.source.astype(np.int64) * count + pairs.target
    found = np.searchsorted(keys, np.minimum(source, target) * count + np.maximum(source, target))
    sums, counts = np.bincount(found, scores, len(keys)), np.bincount(found, minlength=len(keys))
    return Pairs(pairs.source, pairs.target, sums / counts)


@torch.no_grad()
def infer_pairs(model: Any, inputs: np.ndarray, rows: int = 2**16) -> np.ndarray:
    """Probability (M,) float64 that both items are of one class, by a :class:`mmwsl.models.graph.Mediator`."""
    device, parts = next(model.parameters()).device, []
    for start in range(0, len(inputs), rows):
        logits = model.tensor(torch.from_numpy(inputs[start:start + rows]).to(device))
        parts.append(logits.double().softmax(1)[:, 1].cpu().numpy())
    return np.concatenate(parts) if parts else np.zeros(0)


@torch.no_grad()
def run_pieces(model: Any, pieces: Any, name: str, entries: int = ENTRIES) -> Iterator[np.ndarray]:
    """What a network says of each piece, in order: (n, C) of its nodes, or a number.

    Args:
        model: in eval mode.
        pieces: a data set of pieces.
        name: for the progress.
        entries: most entries of the padded adjacencies of a batch; a larger piece is a batch of its own.
    """
    device = next(model.parameters()).device
    waiting: list[Any] = []
    largest = 0
    with progress_bar(description=name, total=len(pieces), unit='piece') as bar:
        for index in range(len(pieces)):
            item = pieces[index]
            size = len(item['inputs'])
            if waiting and (len(waiting) + 1) * max(largest, size)**2 > entries:
                yield from _run(model, waiting, device)
                bar.update(len(waiting))
                waiting, largest = [], 0
            waiting.append(item)
            largest = max(largest, size)
        if waiting:
            yield from _run(model, waiting, device)
            bar.update(len(waiting))


def _run(model: Any, items: list[Any], device: torch.device) -> Iterator[np.ndarray]:
    batch = collate_graphs(items)
    found = model.tensor(batch['inputs'].to(device), batch['data_samples'].to(device)).cpu().numpy()
    for each, item in zip(found, items, strict=True):
        yield each[:len(item['inputs'])] if each.ndim else each
