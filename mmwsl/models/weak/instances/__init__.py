"""Weakly supervised instance segmentation, learnt from boxes."""

from .boxinst import BoxInstMaskHead, BoxInstPrototypes, color_similarity, pairwise_loss, projection_loss

__all__ = ['BoxInstMaskHead', 'BoxInstPrototypes', 'color_similarity', 'pairwise_loss', 'projection_loss']
