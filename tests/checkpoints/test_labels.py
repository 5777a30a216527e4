"""Whether a network saw labels, from nothing to the records."""

import pytest
import torch
from tiny_runs import train_here, write_config

from mmwsl.apis import benchmark, load_config
from mmwsl.checkpoints import read_meta
from mmwsl.checkpoints.labels import any_labels, start_saw_labels


@pytest.mark.parametrize('answers, expected', [
    ([], False), ([False, False], False), ([False, None], None), ([None, True, False], True)])
def test_any(answers, expected):
    assert any_labels(answers) is expected


def test_files_that_a_config_starts_from(tmp_path):
    def start(**settings):
        path = tmp_path / 'start.pth'
        torch.save(dict(meta=settings, state_dict={}), path)
        return dict(type='M', parts=[dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint=str(path))))])

    assert start_saw_labels(dict(type='M', backbone=dict(init_cfg=dict(type='Normal')))) is False
    assert start_saw_labels(start(saw_labels=True)) is True
    assert start_saw_labels(start(saw_labels=False)) is False
    assert start_saw_labels(start()) is None
    assert start_saw_labels(dict(init_cfg=dict(type='Pretrained', checkpoint='http://nowhere/a.pth'))) is None


def test_trainings_and_records(tmp_path):
    """A training says so of its checkpoints: by the labels its data show, and by what it started from."""
    config = write_config(tmp_path)

    def train(name, **options):
        train_here(config, tmp_path / name, train_dataloader__dataset__max_images=64, epochs=1, **options)
        return tmp_path / name / 'epoch_1.pth'

    blind = train('blind')
    sighted = train('sighted', train_dataloader__dataset__supervision='image')
    assert read_meta(blind)['saw_labels'] is False and read_meta(sighted)['saw_labels'] is True
    assert read_meta(train('from_sighted', load_from=str(sighted)))['saw_labels'] is True
    foreign = tmp_path / 'foreign.pth'
    torch.save(torch.load(blind, weights_only=True)['state_dict'], foreign)
    assert read_meta(train('from_foreign', load_from=str(foreign)))['saw_labels'] is None
    cfg = load_config(config)
    found = {str(path): benchmark(cfg, path)[0]['saw_labels'] for path in ('random', blind, sighted, foreign)}
    assert list(found.values()) == [False, False, True, None]
