"""Proposals for small pictures that are made on the fly: the windows with the most that ends inside them."""

import numpy as np
import torch
from torch.utils.data import Dataset

from mmwsl.ops import nms
from mmwsl.ops.windows import edge_contrast, sliding_windows
from mmwsl.registry import DATASETS

CANDIDATES = 4  # times as many windows as stay are compared with each other


@DATASETS.register_module()
class WithWindows(Dataset):
    """A dataset whose samples have ``proposals`` (R, 4) and ``proposal_scores`` (R,), made from the image alone.

    Sliding windows, jittered by an image's own random numbers, are ranked by :func:`edge_contrast`, and of the
    first that overlap much the best stays. For photos use :class:`WithProposals`.

    Args:
        dataset: config or instance of a dataset of images of one size, :class:`DigitScenes` for instance.
        sides, aspects, step: see :func:`sliding_windows`; ``sides`` as shares of the image's shorter side.
        jitter: shift and growth of each window's edges, as a share of its sides, each way.
        nms_iou: of the windows that overlap more, the best stays.
        max_proposals: so many stay.
        seed: of the jitter.
    """

    def __init__(self, dataset, sides=(0.2, 0.3, 0.4, 0.5), aspects=(0.6, 1.0), step=0.25, jitter=0.05, nms_iou=0.8,
                 max_proposals=100, seed=0):
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        for name in ('classes', 'labels', 'metainfo', 'supervision'):
            setattr(self, name, getattr(self.dataset, name))
        self.sides, self.aspects, self.step = tuple(sides), tuple(aspects), step
        self.jitter, self.nms_iou, self.max_proposals, self.seed = jitter, nms_iou, max_proposals, seed
        self._made = {}  # position -> (boxes, scores)

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        item = self.dataset[index]
        sample, position = item['data_samples'], int(item['data_samples'].index)
        if position not in self._made:
            self._made[position] = self._windows(item['inputs'], position)
        sample.proposals, sample.proposal_scores = self._made[position]
        return item

    def _windows(self, image, position):
        height, width = image.shape[1:]
        sides = [share * min(height, width) for share in self.sides]
        windows = sliding_windows(height, width, sides, self.aspects, self.step)
        draws = np.random.default_rng([self.seed, position]).uniform(-1, 1, windows.shape).astype(np.float32)
        moved = torch.from_numpy(draws) * self.jitter
        windows = windows + moved * (windows[:, 2:] - windows[:, :2]).repeat(1, 2)
        windows = torch.minimum(windows.clamp(min=0), torch.tensor([width, height] * 2, dtype=torch.float32))
        scores = edge_contrast(image, windows)
        scores, best = scores.topk(min(CANDIDATES * self.max_proposals, len(scores)))
        found, _ = nms(windows[best], scores, self.nms_iou, max_num=self.max_proposals)
        return found[:, :4].contiguous(), found[:, 4].contiguous()
