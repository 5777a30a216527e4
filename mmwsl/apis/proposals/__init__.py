"""Proposals of a set of photos: made on every core, in parts, so that a stop loses little, and kept as one file."""

from .make import make_proposals
from .rerank import rerank_photos, rerank_proposals

__all__ = ['make_proposals', 'rerank_photos', 'rerank_proposals']
