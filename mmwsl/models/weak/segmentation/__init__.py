"""Weakly supervised segmentation, learnt from image labels: class maps, and methods that make masks of them."""

from .base import ClassMapModel, soft_margin_loss, tag_accuracy
from .box_driven import BoxDrivenFCN, BoxMaskingHead, fill_rate_target
from .edam import EDAM, EDAMHead, with_saliency
from .instances import coco_instances
from .irn import IRN
from .maps import multi_scale_maps, normalize_by_maximum, with_background
from .masks import VOID, masks_from_maps, refine_scores
from .mean_teacher import MeanTeacherFCN, consistency_loss
from .one_stage import AFA, AFAHead, CoSA, OneStage, OneStageHead, PatchClassifier, ToCo, TwoMapHead, ViTPCM
from .partial_labels import PartialFCN, best_pixel_loss
from .psa import AffinityNet
from .seam import SEAM, SEAMHead

__all__ = [
    'AFA',
    'EDAM',
    'IRN',
    'SEAM',
    'VOID',
    'AFAHead',
    'AffinityNet',
    'ClassMapModel',
    'BoxDrivenFCN',
    'BoxMaskingHead',
    'CoSA',
    'EDAMHead',
    'MeanTeacherFCN',
    'OneStage',
    'OneStageHead',
    'PartialFCN',
    'PatchClassifier',
    'SEAMHead',
    'ToCo',
    'TwoMapHead',
    'ViTPCM',
    'best_pixel_loss',
    'coco_instances',
    'consistency_loss',
    'fill_rate_target',
    'masks_from_maps',
    'multi_scale_maps',
    'normalize_by_maximum',
    'refine_scores',
    'soft_margin_loss',
    'tag_accuracy',
    'with_background',
    'with_saliency',
]
