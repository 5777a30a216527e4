"""Networks on kNN graphs that learn to cluster: confidence, connectivity, proposals, links, and CDP's mediator."""

from .gcn_d import GCND
from .gcn_e import GCNE
from .gcn_s import GCNS
from .gcn_v import GCNV
from .l_gcn import LGCN
from .layers import ConcatConv, ConcatConvs, NodeHead, ProposalConvs, node_loss
from .mediator import Mediator

__all__ = ['GCND', 'GCNE', 'GCNS', 'GCNV', 'LGCN', 'ConcatConv', 'ConcatConvs', 'Mediator', 'NodeHead', 'ProposalConvs',
           'node_loss']
