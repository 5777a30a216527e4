"""Weakly supervised segmentation, learnt from image labels: class maps, and methods that make masks of them."""

from .base import ClassMapModel, soft_margin_loss, tag_accuracy
from .edam import EDAM, EDAMHead, with_saliency
from .instances import coco_instances
from .irn import IRN
from .maps import multi_scale_maps, normalize_by_maximum, with_background
from .masks import VOID, masks_from_maps, refine_scores
from .one_stage import AFA, AFAHead, CoSA, OneStage, OneStageHead, PatchClassifier, ToCo, TwoMapHead, ViTPCM
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
    'CoSA',
    'EDAMHead',
    'OneStage',
    'OneStageHead',
    'PatchClassifier',
    'SEAMHead',
    'ToCo',
    'TwoMapHead',
    'ViTPCM',
    'coco_instances',
    'masks_from_maps',
    'multi_scale_maps',
    'normalize_by_maximum',
    'refine_scores',
    'soft_margin_loss',
    'tag_accuracy',
    'with_background',
    'with_saliency',
]
