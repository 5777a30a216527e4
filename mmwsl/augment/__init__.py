"""Views of a whole batch at once: tensors (B, C, H, W) in [0, 1] in and out, random per sample, on any device."""

from .blur import GaussianBlur, blur_batched, blur_opencv, gaussian_kernels
from .color import ColorJitter, RandomGrayscale, RandomSolarize, apply_color, color_matrix, hue_matrix
from .crop import (
    MultiCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    crop_and_resize,
    crop_boxes,
    resample_weights,
)
from .hide_and_seek import HideAndSeek, hidden_cells
from .noise import Cutout, GaussianNoise, Sobel
from .patches import JigsawPatches, RandomRotation90, jigsaw_patches, rotate_four, shuffle_patches
from .permutations import generate_permutations, load_permutations, permutation_statistics

__all__ = [
    'ColorJitter', 'Cutout', 'GaussianBlur', 'GaussianNoise', 'HideAndSeek', 'JigsawPatches', 'MultiCrop',
    'RandomGrayscale', 'RandomHorizontalFlip', 'RandomResizedCrop', 'RandomRotation90', 'RandomSolarize', 'Sobel',
    'apply_color', 'blur_batched', 'blur_opencv', 'color_matrix', 'crop_and_resize', 'crop_boxes', 'gaussian_kernels',
    'generate_permutations', 'hidden_cells', 'hue_matrix', 'jigsaw_patches', 'load_permutations',
    'permutation_statistics', 'resample_weights', 'rotate_four', 'shuffle_patches',
]
