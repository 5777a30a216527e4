"""Clusterings that learn: graph networks trained on items whose classes are known, applied to others."""

from .infer import infer_confidence, infer_links, infer_members, infer_pairs, infer_peaks, infer_scores
from .mediate import apply_mediator, fit_mediator
from .methods import METHODS, apply_method, fit_method, learn_threshold, write_known

__all__ = ['METHODS', 'apply_mediator', 'apply_method', 'fit_mediator', 'fit_method', 'infer_confidence', 'infer_links',
           'infer_members', 'infer_pairs', 'infer_peaks', 'infer_scores', 'learn_threshold', 'write_known']
