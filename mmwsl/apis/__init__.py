"""Python interface of the tools: what commands and notebooks call."""

from mmwsl.checkpoints import convert, read_backbone
from mmwsl.reporting import (
    draw_matrix,
    read_quoted,
    read_records,
    render_layer_table,
    render_matrix,
    render_quoted,
    render_table,
    report,
)

from .benchmark import benchmark, extract
from .build import build_dataset, build_model
from .check import check_data
from .cluster import cluster
from .config import load_config
from .evaluate import evaluate
from .explore import explore
from .export import export
from .hidden_robustness import hidden_robustness
from .label_cost import label_cost, weak_masks
from .motion import GuidedMotion, animate, cut_out, extract_flow, motion_boxes
from .overlays import overlays
from .predictor import Predictor, predict
from .pseudo_boxes import pseudo_boxes
from .pseudo_masks import assignment_sheet, class_maps, four_steps, mask_sheet, pseudo_masks
from .suite import run_suite
from .throughput import throughput
from .train import prepare_training, train
from .video import predict_video

__all__ = [
    'GuidedMotion',
    'Predictor',
    'animate',
    'assignment_sheet',
    'benchmark',
    'build_dataset',
    'build_model',
    'check_data',
    'class_maps',
    'cluster',
    'convert',
    'cut_out',
    'draw_matrix',
    'evaluate',
    'explore',
    'export',
    'extract',
    'extract_flow',
    'four_steps',
    'hidden_robustness',
    'label_cost',
    'load_config',
    'mask_sheet',
    'motion_boxes',
    'overlays',
    'predict',
    'predict_video',
    'prepare_training',
    'pseudo_boxes',
    'pseudo_masks',
    'read_backbone',
    'read_quoted',
    'read_records',
    'render_layer_table',
    'render_matrix',
    'render_quoted',
    'render_table',
    'report',
    'run_suite',
    'throughput',
    'train',
    'weak_masks',
]
