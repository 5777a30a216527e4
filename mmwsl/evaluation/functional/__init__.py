"""Metrics as pure functions: arrays in, numbers out."""

from .accuracy import mean_class_accuracy, topk_accuracy, true_class_rank
from .average_precision import average_precision, mean_average_precision
from .color_histogram import color_histogram
from .correct_localization import correct_localization
from .detection import detection_average_precision, match_detections
from .duplicates import look_alike, near_duplicates
from .generation import feature_statistics, frechet_distance, inception_score, mask_iou
from .geometry import (
    direction_cosine,
    end_point_error,
    fit_landmarks,
    flow_outliers,
    landmark_errors,
    n_mpjpe,
)
from .label_errors import label_errors, selection_scores
from .occlusion import order_accuracy, psnr, shape_overlap, ssim
from .oddness import odd_ones, oddness
from .paired import Paired, mcnemar
from .proposals import average_recall, best_overlaps, proposal_recall
from .segmentation import boundary, boundary_f, confusion, intersection_over_union

__all__ = ['Paired', 'average_precision', 'average_recall', 'best_overlaps', 'boundary', 'boundary_f',
           'color_histogram', 'confusion', 'correct_localization', 'detection_average_precision',
           'direction_cosine', 'end_point_error', 'feature_statistics', 'fit_landmarks', 'flow_outliers',
           'frechet_distance', 'inception_score', 'intersection_over_union', 'label_errors', 'landmark_errors',
           'look_alike', 'mask_iou', 'match_detections', 'mcnemar', 'mean_average_precision', 'mean_class_accuracy',
           'n_mpjpe', 'near_duplicates', 'odd_ones', 'oddness',
           'order_accuracy', 'proposal_recall', 'psnr', 'selection_scores', 'shape_overlap', 'ssim',
           'topk_accuracy', 'true_class_rank']
