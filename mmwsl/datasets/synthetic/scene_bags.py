"""Images cut into patches as bags: positive if a digit of the chosen class is seen, and which patches hold it."""

import torch
from torch.utils.data import Dataset

from mmwsl.datasets.synthetic.digit_scenes import DigitScenes
from mmwsl.registry import DATASETS
from mmwsl.structures import DataSample

CANDIDATES = 20  # scenes looked through for each bag, so that half of the bags can be positive


def cut_patches(images, grid):
    """Images (..., C, H, W) as patches (..., rows x columns, C, H / rows, W / columns), row by row; ``grid`` is (rows,
    columns) and must divide the image."""
    rows, columns = grid
    *lead, channels, height, width = images.shape
    cells = images.reshape(*lead, channels, rows, height // rows, columns, width // columns)
    axes = [len(lead) + axis for axis in (1, 3, 0, 2, 4)]  # rows, columns, C, height, width
    return cells.permute(*range(len(lead)), *axes).flatten(len(lead), len(lead) + 1)


def patches_with(masks, grid, min_share):
    """Which patches hold an object: at least ``min_share`` of the pixels of a mask lie in the patch.

    Args:
        masks: bool (K, H, W), the visible part of each object.
        grid: (rows, columns).
        min_share: from 0 (excluded) to 1.

    Returns:
        bool (rows x columns,): for any of the objects; none for one of which nothing is visible.
    """
    pixels = cut_patches(masks[:, None], grid).sum((2, 3, 4))  # (K, N)
    return ((pixels >= min_share * pixels.sum(1, keepdim=True)) & (pixels > 0)).any(0)


@DATASETS.register_module()
class SceneBags(Dataset):
    """Scenes of :class:`DigitScenes` cut into a grid of patches; half of the bags are positive.

    An item has ``inputs`` uint8 (N, 3, size / grid, size / grid), the patches row by row, so that instance i is in row
    i // grid and column i % grid, and a :class:`DataSample` with ``gt_label`` (1 if a digit of the class ``target`` is
    seen in the scene) and, with ``supervision='full'``, ``gt_instance_labels`` (N,): the patches that hold at least
    ``min_share`` of the visible pixels of such a digit. The scenes are the first of ``(seed, split)`` that are needed,
    negative and positive ones by turns; those with the target but without a true patch, as where it is hidden, are
    passed over. They are rendered once and kept (num_bags x 3 x size x size bytes).

    Args:
        split: ``'train'`` or ``'test'``; they share no digit and no background.
        num_bags: number of scenes.
        grid: patches in a row and in a column.
        size: side of the scene in pixels, a multiple of ``grid``.
        objects: fewest and most digits in a scene.
        target: the digit that makes a bag positive.
        min_share: of a digit's visible pixels; above 0, at most 1 / 4, so that a digit no larger than a patch, which
            lies on four patches at the most, is on one of them at least.
        seed: another seed, other scenes.
        supervision: ``'image'`` (the bag's label) or ``'full'``.
        scenes: digit_scale, background, contrast and what else :class:`DigitScenes` takes.

    Raises:
        ValueError: an argument out of range, or scenes that hold the target too rarely or too often.
    """

    def __init__(self, split='train', num_bags=200, grid=4, size=112, objects=(2, 3), target=9, min_share=0.2, seed=0,
                 supervision='image', **scenes):
        if num_bags < 2 or grid < 1 or size % grid or not 0 <= target <= 9 or not 0 < min_share <= 0.25:
            raise ValueError(f'SceneBags: num_bags={num_bags} must be 2 or more, size={size} a multiple of '
                             f'grid={grid}, target={target} a digit, min_share={min_share} above 0 and at most 0.25')
        if supervision not in ('image', 'full'):
            raise ValueError(f"SceneBags: supervision={supervision!r} must be 'image' or 'full'")
        self.grid, self.target, self.supervision = (grid, grid), target, supervision
        self.classes = ['without', 'with']
        source = DigitScenes(split=split, num_scenes=CANDIDATES * num_bags, size=size, seed=seed, objects=objects,
                             kind='plain', supervision='full', **scenes)
        tags = source.labels == target if source.labels.ndim == 1 else source.labels[:, target] > 0
        without, with_it = (  # of an odd number one more is without
            self._taken(source, torch.nonzero(tags == hit)[:, 0].tolist(), (num_bags + 1 - hit) // 2, min_share)
            for hit in (False, True))
        bags = [None] * num_bags
        bags[::2], bags[1::2] = without, with_it
        self.images, self.targets = (torch.stack(each) for each in zip(*bags, strict=True))

    def _taken(self, source, candidates, count, min_share):
        """Images and true patches of the first ``count`` candidates, without those that have the target in no patch."""
        taken = []
        for index in candidates:
            if len(taken) == count:
                break
            item = source[index]
            truth = item['data_samples']
            hit = truth.gt_box_labels == self.target
            patches = patches_with(truth.gt_instance_masks[hit], self.grid, min_share)
            if patches.any() or not hit.any():
                taken.append((item['inputs'], patches))
        if len(taken) < count:
            raise ValueError(f'SceneBags: of {len(source)} scenes only {len(taken)} of the {count} needed are of one '
                             f'kind, with or without a {self.target}; change objects={source.objects}')
        return taken

    @property
    def metainfo(self):
        return dict(classes=self.classes)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        targets = self.targets[index]
        sample = DataSample(index=torch.tensor(index), gt_label=targets.any().long())
        if self.supervision == 'full':
            sample.gt_instance_labels = targets
        return dict(inputs=cut_patches(self.images[index], self.grid), data_samples=sample)
