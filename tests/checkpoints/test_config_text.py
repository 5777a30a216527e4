"""The config that a checkpoint keeps, read without running it."""

import pytest

from mmwsl.apis import load_config
from mmwsl.checkpoints.config_text import parse_config


@pytest.mark.parametrize('name', ['selfsup/mae/mae_vits4_1xb256-cos-1000e_cifar10.py', 'pretrained/efficientnet_lite0.py',
                                  'selfsup/simclr/simclr_r18_1xb64-cos-100e_folder.py'])
def test_the_text_of_a_config_gives_its_values(name):
    cfg = load_config(f'mmwsl::{name}')
    assert parse_config(cfg.pretty_text) == cfg.to_dict()


def test_values():
    text = "a = dict(b=[1, (2, -3.5)], c={'x.y': None}, **{'d e': True})\nf = 'g'\n"
    assert parse_config(text) == dict(a={'b': [1, (2, -3.5)], 'c': {'x.y': None}, 'd e': True}, f='g')


@pytest.mark.parametrize('text', ["model = open('ran', 'w')", "import os", "model = dict(a=open('ran', 'w'))", 'a = (',
                                  "open('ran', 'w')", 'a = b', 'a.b = 1', "a = list((1, 2))", 'a = dict([(1, 2)])'])
def test_nothing_is_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError):
        parse_config(text)
    assert list(tmp_path.iterdir()) == []
