import copy
import math

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.models.losses import nt_xent
from mmwsl.models.pretext import MoCo
from mmwsl.models.utils.distributed import shuffle_batch, unshuffle
from mmwsl.registry import MODELS

SPLIT = dict(type='SplitBN', batch_per_split=8)


def backbone(**settings):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', **settings)


def mlp(in_channels=32, **settings):
    return dict(type='MLPNeck', in_channels=in_channels, hidden_channels=32, out_channels=16, **settings)


def classifier(in_channels, num_classes):
    return dict(type='ClassificationHead', in_channels=in_channels, num_classes=num_classes)


METHODS = dict(
    simclr=dict(type='SimCLR', backbone=backbone(), neck=mlp(last_norm=True, last_bias=False), temperature=0.2),
    moco_v1=dict(type='MoCo', backbone=backbone(norm_cfg=SPLIT), neck=mlp(num_layers=1), momentum=0.9,
                 queue=dict(type='FeatureQueue', length=128, channels=16), temperature=0.2),
    moco_v2=dict(type='MoCo', backbone=backbone(norm_cfg=SPLIT), neck=mlp(norm_cfg=None), momentum=0.9,
                 queue=dict(type='FeatureQueue', length=128, channels=16), temperature=0.2),
    moco_symmetric=dict(type='MoCo', backbone=backbone(norm_cfg=SPLIT), neck=mlp(norm_cfg=None), momentum=0.9,
                        queue=dict(type='FeatureQueue', length=128, channels=16), symmetric=True),
    byol=dict(type='BYOL', backbone=backbone(), neck=mlp(), head=mlp(16), momentum=0.9),
    rotation=dict(type='Rotation', backbone=backbone(), head=classifier(32, 4)),
    jigsaw=dict(type='Jigsaw', backbone=backbone(), neck=mlp(num_layers=1, last_norm=True), grid=2, patch_size=6,
                permutations=6, head=classifier(64, 6)),
)
CONTRASTIVE = ['simclr', 'moco_v1', 'moco_v2', 'moco_symmetric', 'byol']
TEACHERS = CONTRASTIVE[1:]


def build(method, **settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(METHODS[method]), **settings))


def pictures(count, seed):
    """Images (count, 3, 16, 16) that are darker from top to bottom and redder from left to right, under a pattern."""
    generator = torch.Generator().manual_seed(seed)
    ramp = torch.linspace(1, -1, 16)
    images = torch.zeros(count, 3, 16, 16)
    images += ramp.view(1, 1, 16, 1)
    images[:, 0] -= ramp
    pattern = F.interpolate(torch.randn(count, 3, 4, 4, generator=generator), size=16, mode='bilinear')
    return images + 0.5 * pattern


def views_of(images, seed):
    """Two views whose brightness and contrast tell nothing of the image."""
    generator = torch.Generator().manual_seed(seed)
    views = []
    for _ in range(2):
        scale = 0.5 + torch.rand(len(images), 1, 1, 1, generator=generator)
        shift = 2 * torch.randn(len(images), 3, 1, 1, generator=generator)
        noise = 0.2 * torch.randn(images.shape, generator=generator)
        views.append(images * scale + shift + noise)
    return views


def train(model, steps, lr, images=None):
    """Learn from new pictures in every step, or always from ``images``; returns the logged values."""
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr, momentum=0.9)
    logs = []
    model.train()
    for step in range(steps):
        new = pictures(32, seed=step) if images is None else images
        result = model(views_of(new, seed=step), mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        if hasattr(model, 'after_optimizer_step'):
            model.after_optimizer_step(step / steps)
        logs.append({name: value.item() for name, value in result.items()})
    return logs


@torch.no_grad()
def telling_apart(model):
    """How badly views of new images find each other: NT-Xent of backbone and neck, T = 0.2."""
    views = views_of(pictures(32, seed=1000), seed=1000)
    first, second = (F.normalize(model.neck(model.backbone(view))) for view in views)
    return nt_xent(first, second, first, second, 0.2).item()


@pytest.mark.parametrize('method', CONTRASTIVE)
def test_learns_to_find_the_other_view(method):
    model = build(method)
    before = telling_apart(model)
    logs = train(model, steps=25, lr=0.1)
    after = telling_apart(model)
    print(method, before, after, logs[0], logs[-1])
