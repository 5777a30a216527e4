"""Pieces of kNN graphs as items of data sets, for networks that learn to cluster."""

from .nodes import ConfidenceNodes, MediatorPairs
from .pieces import ConnectivityPieces, PivotPieces, ProposalPieces
from .sources import Items, open_items, read_proposals, write_proposals

__all__ = ['ConfidenceNodes', 'ConnectivityPieces', 'Items', 'MediatorPairs', 'PivotPieces', 'ProposalPieces',
           'open_items', 'read_proposals', 'write_proposals']
