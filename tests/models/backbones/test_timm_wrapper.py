import sys
import types

import pytest
import torch
import torch.nn as nn

from mmwsl.models.backbones import TimmBackbone
from mmwsl.registry import BACKBONES


class FakeNetwork(nn.Module):
    """What timm's networks offer that the wrapper uses."""

    num_features = 6

    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.layer = nn.Conv2d(settings['in_chans'], 6, 2, 2)
        self.output_fmt = settings.get('output_fmt', 'NCHW')
        self.feature_info = types.SimpleNamespace(channels=lambda: [6] * len(settings['out_indices']))

    def forward(self, x):
        maps = self.layer(x)
        if not self.settings.get('features_only'):
            return maps.mean((2, 3))
        return [maps if self.output_fmt == 'NCHW' else maps.permute(0, 2, 3, 1)] * len(self.settings['out_indices'])


@pytest.fixture
def calls(monkeypatch):
    calls = []

    def create_model(name, **settings):
        calls.append((name, settings))
        return FakeNetwork(settings)

    monkeypatch.setitem(sys.modules, 'timm', types.SimpleNamespace(create_model=create_model))
    return calls


def test_pooled_features(calls):
    net = BACKBONES.build(dict(type='TimmBackbone', model_name='vit_x', in_channels=1, drop_path_rate=0.1))
    assert calls == [('vit_x', dict(pretrained=False, in_chans=1, num_classes=0, drop_path_rate=0.1))]
    output = net(torch.randn(2, 1, 8, 8))
    assert type(output) is tuple and [tuple(level.shape) for level in output] == [(2, 6)]
    assert net.out_channels == [6]


@pytest.mark.parametrize('output_fmt', ['NCHW', 'NHWC'])
def test_maps(calls, output_fmt):
    net = TimmBackbone('swin_x', pretrained=True, out_indices=[1, 2], output_fmt=output_fmt)
    assert calls[0][1]['features_only'] and calls[0][1]['out_indices'] == (1, 2) and calls[0][1]['pretrained']
    assert 'num_classes' not in calls[0][1]
    assert [tuple(level.shape) for level in net(torch.randn(2, 3, 8, 4))] == [(2, 6, 4, 2)] * 2
    assert net.out_channels == [6, 6]


def test_without_timm_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'timm', None)
    with pytest.raises(ImportError, match="TimmBackbone\\('resnet50'\\) needs timm.*pip install timm"):
        TimmBackbone('resnet50')


def test_with_timm_itself():
    pytest.importorskip('timm', exc_type=ImportError)
    net = TimmBackbone('resnet18')
    assert net(torch.randn(1, 3, 64, 64))[0].shape == (1, 512) and net.out_channels == [512]
