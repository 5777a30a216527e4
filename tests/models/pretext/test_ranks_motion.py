"""Two ranks with half of the batch are one rank with all of it, for the methods of motion; unknown pixels differ."""

import math

import torch
from rank_invariance import BATCH, SIDE, check_two_ranks

SYNC = dict(type='SyncBN')
BACKBONE = dict(type='ResNet', depth=18, base_channels=2, strides=(1, 1, 1, 1), out_indices=(4,), norm_cfg=SYNC)


def fields():
    """Flow, guidance and masks of a batch; of the first images more is not known than of the others."""
    generator = torch.Generator().manual_seed(3)
    flow = 2 * torch.randn(BATCH, 2, SIDE, SIDE, generator=generator)
    told = (torch.rand(BATCH, 1, SIDE, SIDE, generator=generator) < 0.05).float()
    guidance = torch.cat([flow * told, told], 1)
    moving = torch.randint(2, (BATCH, SIDE, SIDE), generator=generator).to(torch.uint8)
    flow[:3, :, :10], moving[:3, :10] = math.nan, 255
    return dict(flow=flow, guidance=guidance, moving=moving)


def head(outputs):
    return dict(type='DenseHead', in_channels=16, out_channels=outputs)


COMMON = dict(backbone=BACKBONE, _views=(SIDE,), _fields=fields)
METHODS = dict(
    cmp=dict(type='ConditionalMotionPropagation', channels=8, limit=6.0,
             sparse_encoder=dict(type='SparseEncoder', stride=4, norm_cfg=SYNC),
             decoder=dict(type='PropagationDecoder', channels=8, bins=13, norm_cfg=SYNC), **COMMON),
    flow_prediction=dict(type='FlowPrediction', clusters=12, limit=4.0, head=head(12), **COMMON),
    cross_pixel=dict(type='CrossPixelFlow', pixels=20, head=head(6), _draws=True, **COMMON),
    moving_foreground=dict(type='MovingForeground', head=head(1), **COMMON))


def test_two_ranks_equal_one(tmp_path):
    check_two_ranks(METHODS, tmp_path)
