"""Views of a whole batch at once: tensors (B, C, H, W) in [0, 1] in and out, random per sample, on any device."""

from .blur import GaussianBlur, blur_batched, blur_opencv, gaussian_kernels
from .color import ColorJitter, Lighting, RandomGrayscale, RandomSolarize, apply_color, color_matrix, hue_matrix
from .crop import (
    RandomHorizontalFlip,
    RandomPaddedCrop,
    RandomResizedCrop,
    crop_and_resize,
    crop_boxes,
    resample_weights,
)
from .edges import SobelImage
from .hide_and_seek import HideAndSeek, hidden_cells
from .input_dropout import InputDropout
from .lab import ab_bins, decode_ab, encode_ab, lab_to_rgb, rebalance_weights, rgb_to_lab
from .lens import (
    AberrationProjection,
    ChromaticAberration,
    ColorDropping,
    Coma,
    LensDistortion,
    RandomRadialGain,
    Vignetting,
)
from .noise import Cutout, GaussianNoise, Sobel
from .operations import RandomOperation, autocontrast, equalize, posterize
from .patches import RandomRotation90, jigsaw_patches, patch_grid, rotate_four, shuffle_patches
from .permutations import generate_permutations, load_permutations
from .rotate import RandomRotation, rotate

__all__ = [
    'AberrationProjection', 'ChromaticAberration', 'ColorDropping', 'ColorJitter', 'Coma', 'Cutout', 'GaussianBlur',
    'GaussianNoise', 'HideAndSeek', 'InputDropout', 'LensDistortion', 'Lighting', 'RandomGrayscale',
    'RandomHorizontalFlip', 'RandomOperation', 'RandomPaddedCrop', 'RandomRadialGain', 'RandomResizedCrop',
    'RandomRotation', 'RandomRotation90', 'RandomSolarize', 'Sobel', 'SobelImage', 'Vignetting', 'ab_bins',
    'apply_color', 'autocontrast', 'blur_batched', 'blur_opencv', 'color_matrix', 'crop_and_resize', 'crop_boxes',
    'decode_ab', 'encode_ab', 'equalize', 'gaussian_kernels', 'generate_permutations', 'hidden_cells', 'hue_matrix',
    'jigsaw_patches', 'lab_to_rgb', 'load_permutations', 'patch_grid', 'posterize', 'rebalance_weights',
    'resample_weights', 'rgb_to_lab', 'rotate', 'rotate_four', 'shuffle_patches',
]
