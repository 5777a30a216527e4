"""A dataset of images that have no files, whose proposals stand in a file by the images' numbers."""

import torch
from torch.utils.data import Dataset

from mmwsl.datasets.readers.proposals import read_proposals
from mmwsl.datasets.wrappers.with_proposals import ImageProposals
from mmwsl.registry import DATASETS


@DATASETS.register_module()
class WithProposalsByIndex(Dataset):
    """A dataset whose samples have ``proposals`` (R, 4) and ``proposal_scores`` (R,) of a file that was made before.

    For scenes, whose proposals are worth more than :class:`WithWindows` finds: re-ranked ones for instance. Datasets of
    files take :class:`WithProposals`.

    Args:
        dataset: config or instance; image i has the id ``str(i)`` in the file.
        proposals: path of the file, or a mapping, see :class:`ImageProposals`.
        min_side, max_proposals: see :class:`ImageProposals`.

    Raises:
        ValueError: images without proposals.
        FileNotFoundError: no such file.
    """

    def __init__(self, dataset, proposals, min_side=1, max_proposals=None):
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        for name in ('classes', 'labels', 'metainfo', 'supervision'):
            setattr(self, name, getattr(self.dataset, name))
        table = proposals if isinstance(proposals, dict) else read_proposals(proposals)
        self.proposals = ImageProposals(table, 'path', min_side, max_proposals)
        self.proposals.check([str(position) for position in range(len(self.dataset))])

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        item = self.dataset[index]
        sample = item['data_samples']
        boxes, scores = self.proposals.of(str(int(sample.index)))
        sample.proposals = torch.from_numpy(boxes)
        if scores is not None:
            sample.proposal_scores = torch.from_numpy(scores)
        return item
