"""Stages of a clustering: what is kept of each, with the seconds and the memory that it took."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmwsl.apis.cluster.neighbors import build_graph
from mmwsl.apis.explore.stages import Arrays, Stages, make_key
from mmwsl.clustering import KNNGraph
from mmwsl.compat import peak_memory, reset_peak_memory
from mmwsl.datasets.readers.features import open_graph
from mmwsl.files import write_atomically


class ClusterStages(Stages):
    """Stages whose arrays, or kNN graph, are kept in a folder.

    Attributes:
        peaks: stage -> largest memory of the process while it ran, in bytes.
        cpu_seconds: stage -> seconds of processors, which other work on the machine does not lengthen.
    """

    def __init__(self, folder: Path | str) -> None:
        super().__init__(folder)
        self.peaks: dict[str, int] = {}
        self.cpu_seconds: dict[str, float] = {}

    def run(self, name: str, key: str, compute: Callable[[], Arrays]) -> Arrays:
        """As :meth:`Stages.run`; the peak of the memory is kept with the arrays."""
        def measured() -> Arrays:
            reset_peak_memory()
            began = time.process_time()
            arrays = compute()
            return dict(arrays, peak=np.array(peak_memory()), cpu_seconds=np.array(time.process_time() - began))
        kept = super().run(name, key, measured)
        self.peaks[name], self.cpu_seconds[name] = int(kept.pop('peak')), float(kept.pop('cpu_seconds'))
        return kept

    def graph(self, name: str, features: np.ndarray, key: str, index: dict[str, Any],
              device: str) -> tuple[KNNGraph, dict[str, Any]]:
        """The kNN graph of features, and what :func:`build_graph` says of it; built where it is not there and whole.

        Graphs of other settings stay beside it; one with more neighbors serves for fewer.

        Args:
            name: of the stage.
            features: (N, D).
            key: of them.
            index: ``k``, ``index`` and ``probes``.
            device: of the exact search.
        """
        self.running = name
        k, key = index['k'], make_key(key, {each: index[each] for each in index if each != 'k'})
        for about in sorted(self.folder.glob(f'neighbors_{key}_*.json')):
            try:
                report, graph = json.loads(about.read_text()), open_graph(about.with_suffix('.npy'), len(features))
            except (OSError, ValueError):
                continue  # not whole: made again, if nothing else serves
            if graph.ids.shape[1] >= k:
                self.reused.append(name)
                break
        else:
            path = self.folder / f'neighbors_{key}_{k}.npy'
            reset_peak_memory()
            began, began_cpu = time.monotonic(), time.process_time()
            report = build_graph(features, out=path, device=device, parts=path.with_suffix('.parts'), **index)
            report |= dict(seconds=time.monotonic() - began, cpu_seconds=time.process_time() - began_cpu,
                           peak=peak_memory())
            write_atomically(path.with_suffix('.json'), json.dumps(report))
            graph = open_graph(path, len(features))
        self.seconds[name], self.peaks[name] = report['seconds'], report['peak']
        self.cpu_seconds[name] = report['cpu_seconds']
        return KNNGraph(graph.ids[:, :k], graph.similarities[:, :k]), report
