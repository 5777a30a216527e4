"""What graph networks learn of a kNN graph, and how what they say becomes a partition; arrays in and out."""

from .confidence import confidence_targets, find_peaks, partition_of_peaks
from .overlaps import resolve_overlaps
from .pair_inputs import mediator_inputs, pair_targets
from .pieces import (
    Piece,
    candidate_piece,
    pivot_piece,
    proposal_piece,
    row_normalized,
    symmetric_adjacency,
)
from .proposals import Proposals, proposal_targets, propose, propose_joined, unite

__all__ = ['Piece', 'Proposals', 'candidate_piece', 'confidence_targets', 'find_peaks', 'mediator_inputs',
           'pair_targets', 'partition_of_peaks', 'pivot_piece', 'proposal_piece', 'proposal_targets', 'propose',
           'propose_joined', 'resolve_overlaps', 'row_normalized', 'symmetric_adjacency', 'unite']
