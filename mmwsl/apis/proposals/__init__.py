"""Proposals of a set of photos: made on every core, in parts, so that a stop loses little, and kept as one file."""

from .make import make_proposals

__all__ = ['make_proposals']
