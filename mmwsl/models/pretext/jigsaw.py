"""Jigsaw puzzles (Noroozi & Favaro 2016)."""

import torch

from mmwsl.augment import generate_permutations, jigsaw_patches, load_permutations, shuffle_patches
from mmwsl.models.base import Model
from mmwsl.ops.tensors import embedding_std, keep_format
from mmwsl.registry import PRETEXTS


@PRETEXTS.register_module()
class Jigsaw(Model):
    """Classify which of a fixed set of permutations the patches of a grid are in.

    Against shortcuts, patches are smaller than their cells and randomly placed in them (gap and jitter), and may be
    standardised one by one.

    Args:
        backbone: encoder of a patch.
        neck: patch feature, e.g. ``MLPNeck(num_layers=1, last_norm=True)``.
        head: :class:`ClassificationHead` over the concatenated patch features.
        patch_size: side of a patch in pixels; a cell has ``side // grid``.
        grid: patches per side.
        permutations: how many orders of maximal Hamming distance (100, 1000 or 2000 for a grid of 3), or a ``.npy``
            file of them.
        normalize_patches: standardise each patch by its own mean and deviation.
    """

    def __init__(self, backbone, neck, head, patch_size, grid=3, permutations=1000, normalize_patches=False, **kwargs):
        super().__init__(backbone, **kwargs)
        self.neck, self.head = self.make(neck), self.make(head)
        self.patch_size, self.grid, self.normalize_patches = patch_size, grid, normalize_patches
        if isinstance(permutations, int) and grid != 3:  # few enough orders to make them here
            table = generate_permutations(permutations, patches=grid * grid)
        else:
            table = load_permutations(permutations)
        table = torch.as_tensor(table).long()
        if table.shape[1] != grid * grid:
            raise ValueError(f'permutations of {table.shape[1]} patches do not fit a grid of {grid} x {grid}')
        if len(table) != self.head.classifier.out_features:
            raise ValueError(f'{len(table)} permutations but the head has {self.head.classifier.out_features} classes; '
                             'set head.num_classes to the number of permutations')
        self.register_buffer('permutations', table)  # (N, grid * grid), row-major cells

    def loss(self, views, data_samples=None):
        images = views[0]
        patches = jigsaw_patches(images, self.grid, self.patch_size, normalize=self.normalize_patches)  # B, n, 3, p, p
        labels = torch.randint(len(self.permutations), (len(images),), device=images.device)
        patches = shuffle_patches(patches, self.permutations[labels])
        feature = self.neck(self.backbone(keep_format(patches.flatten(0, 1), images)))  # (B n, D), image-major
        feature = torch.relu(feature).reshape(len(images), -1)  # (B, n D) in the shuffled order
        return dict(self.head.loss(feature, labels), embedding_std=embedding_std(feature))
